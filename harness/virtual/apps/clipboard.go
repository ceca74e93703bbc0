package apps

import (
	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// clipboard is what was cut or copied last. Apps that look at it do so when they come to the front.
type clipboard struct {
	text string
	seen map[string]bool // packages that have reported this text
}

// clipKey handles the keys that cut, copy and paste, as a text field does (AOSP TextView): without a selection the first
// two do nothing.
func (s *System) clipKey(code int) {
	a := s.top()
	if a == nil || a.focus == nil {
		return
	}
	f := a.focus
	switch {
	case code == KeyPaste && len(f.text)+len(s.clip.text) <= maxField:
		f.text, f.selected = f.text+s.clip.text, false
	case code != KeyPaste && f.selected && f.text != "":
		s.clip = clipboard{text: f.text, seen: map[string]bool{}}
		s.act(a.pkg, "clip", f.text, false)
		if code == KeyCut {
			f.text = ""
		}
		f.selected = false
	}
}

// look lets an app that has come to the front look at the clipboard.
func (s *System) look(pkg string) {
	if s.clip.text == "" || s.clip.seen[pkg] {
		return
	}
	s.clip.seen[pkg] = true
	s.report(personality.OnClip, pkg, false, "clipboard", telemetry.Value{Key: "clip", Kind: manifest.Text, Text: s.clip.text})
}
