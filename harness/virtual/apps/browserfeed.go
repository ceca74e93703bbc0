package apps

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// item is a piece of news on the start page.
type item struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

const maxFeed = 1 << 20

// feed asks for the news, if the browser shows any and its user has agreed.
func (w *browser) feed(s *System) {
	if w.app.Web.Feed == "" || !s.stored(w.app.Package).agreed {
		return
	}
	p := s.process(w.app.Package)
	var got []item
	s.after(p, func(ctx context.Context) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.app.Web.Feed, nil)
		if err != nil {
			return
		}
		req.Header.Set("User-Agent", w.app.Web.UserAgent)
		res, err := p.client.Do(req)
		if err != nil {
			return
		}
		defer res.Body.Close()
		if body, err := io.ReadAll(io.LimitReader(res.Body, maxFeed)); err == nil && json.Unmarshal(body, &got) != nil {
			got = nil
		}
	}, func() { w.news = got })
}

// feedView lists the news below the search box.
func (w *browser) feedView(s *System, b *builder) {
	b.down(80)
	for _, n := range w.news {
		v := b.text("news_title", n.Title, screen.Label, screen.Look{Border: true})
		v.Clickable, v.Tap = true, func() { w.read(s, n) }
		b.down(12)
	}
}

// read opens an item, which is an event.
func (w *browser) read(s *System, n item) {
	s.act(w.app.Package, "feed", n.Title, false)
	s.report(personality.OnFeed, w.app.Package, false, "news_click",
		telemetry.Value{Key: "title", Kind: manifest.Text, Text: n.Title},
		telemetry.Value{Key: "item", Kind: manifest.URL, Text: n.URL})
	w.visit(s, n.URL)
}
