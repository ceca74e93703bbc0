package apps

import (
	"image"
	"net/url"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

// form is the first form of a page that takes text.
type form struct {
	action, name, hint string
}

// formOf adds what a tag says to the form that is being read. It is whole when it has a name.
func formOf(f *form, t html.Token) {
	if f.name != "" {
		return
	}
	attr := map[string]string{}
	for _, a := range t.Attr {
		attr[a.Key] = a.Val
	}
	switch t.DataAtom {
	case atom.Form:
		*f = form{action: attr["action"]}
	case atom.Input:
		if k := attr["type"]; k == "" || k == "text" || k == "search" {
			f.name, f.hint = attr["name"], attr["aria-label"]
		}
	}
}

// formView draws the page's field.
func (w *browser) formView(s *System, b *builder) {
	f := w.cur.form
	if f.name == "" {
		return
	}
	w.query.enter = func() { w.submit(s) }
	r := b.rect(16, -16, 48)
	if b.visible(r) {
		b.edit("", f.hint, &w.query, image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Max.Y)).Class = screen.Edit
	}
	b.down(56)
}

// submit opens what the form leads to. The page knows what was typed; the browser sees the address that comes of it.
func (w *browser) submit(s *System) {
	base, err := url.Parse(w.cur.url)
	if err != nil {
		return
	}
	to, err := base.Parse(w.cur.form.action)
	if err != nil {
		return
	}
	to.RawQuery = url.Values{w.cur.form.name: {w.query.text}}.Encode()
	w.visit(s, to.String())
}
