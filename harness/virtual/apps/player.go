package apps

import (
	"path"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// media is what plays.
type media struct {
	pkg, title string
	playing    bool
}

// player plays the files of /sdcard/Music: nothing is heard, but the session says so.
type player struct{ app personality.App }

const music = "/sdcard/Music"

func (m *player) full() string { return phone.FullActivity(m.app.Package, m.app.Activity) }

func (m *player) has(class string) bool { return class == m.full() }

func (m *player) resolve(in Intent) string {
	if in.Action == ActionView && strings.HasPrefix(in.Type, "audio/") {
		return m.full()
	}
	return ""
}

func (m *player) open(s *System, class string) *activity {
	a := &activity{pkg: m.app.Package, class: class, title: m.app.Label}
	a.intent = func(in Intent) {
		if in.Action == ActionView && in.Data != "" {
			file := strings.TrimPrefix(in.Data, "file://")
			if _, err := s.phone.Files.Stat(file, true); err == nil {
				m.play(s, path.Base(file))
			}
		}
	}
	a.build = func(b *builder) {
		if data := s.stored(m.app.Package); !data.agreed {
			b.header("Terms of use", nil)
			b.text("android:id/message", "To play music, agree to the terms of use and the privacy policy.", screen.Label, screen.Look{})
			b.button("android:id/button1", "Agree", func() { data.agreed = true })
			return
		}
		b.header(m.app.Label, nil)
		if s.media.title != "" {
			b.text("song_title", s.media.title, screen.Label, screen.Look{Size: 3})
			b.button("play", map[bool]string{true: "Pause", false: "Play"}[s.media.playing], func() { s.mediaKey(KeyPlayPause) })
		}
		b.list("list")
		files, _ := s.phone.Files.ReadDir(music)
		for _, f := range files {
			b.row(f.Name(), "", func() { m.play(s, f.Name()) })
		}
		b.end()
	}
	return a
}

func (m *player) play(s *System, file string) {
	title := strings.TrimSuffix(file, path.Ext(file))
	s.media = media{pkg: m.app.Package, title: title, playing: true}
	s.act(m.app.Package, "play", title, false)
	s.report(personality.OnPlay, "", false, "play",
		telemetry.Value{Key: "track", Kind: manifest.Text, Text: title})
}

func (s *System) mediaKey(code int) {
	if s.media.title == "" {
		return
	}
	s.media.playing = code == KeyPlay || code == KeyPlayPause && !s.media.playing
}
