package apps

import (
	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// framework is the package that asks with which app to go on.
const framework = "android"

// share asks with whom to share the page in front.
func (w *browser) share(s *System) {
	w.blur()
	s.act(w.app.Package, "share", w.cur.url, w.cur.private)
	s.report(personality.OnShare, w.app.Package, w.cur.private, "share",
		telemetry.Value{Key: "url", Kind: manifest.URL, Text: w.cur.url})
	text := w.cur.url
	a := &activity{pkg: framework, class: "com.android.internal.app.ChooserActivity", title: "Share"}
	a.build = func(b *builder) {
		b.header("Share", nil)
		b.text("content_preview_text", text, screen.Label, screen.Look{})
		b.row("Bluetooth", "", func() { s.finish(a) })
	}
	s.push(a)
}
