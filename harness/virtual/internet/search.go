package internet

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
)

// engine is a search engine: its results page shows the query as title and text, as the real ones do.
type engine struct {
	name    string            // as pages show it
	title   string            // of a results page, %s is the query
	results []string          // paths of the results page
	suggest map[string]string // path -> name of the parameter
}

func search() []Host {
	duck := engine{"DuckDuckGo", "%s at DuckDuckGo", []string{"/", "/html", "/html/", "/lite", "/lite/"}, map[string]string{"/ac/": "q"}}
	google := engine{"Google", "%s - Google Search", []string{"/search"}, map[string]string{"/complete/search": "q", "/s": "q"}}
	bing := engine{"Bing", "%s - Search", []string{"/search"}, map[string]string{"/osjson.aspx": "query"}}
	return append(append(
		under(duck, "duckduckgo.com", "html.duckduckgo.com", "lite.duckduckgo.com", "links.duckduckgo.com"),
		under(google, "www.google.com", "google.com")...),
		under(bing, "www.bing.com")...)
}

// ServeHTTP answers searches, suggestions and the start page.
func (e engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/generate_204" || r.URL.Path == "/gen_204" {
		noContent(w, r)
		return
	}
	if key, ok := e.suggest[r.URL.Path]; ok {
		e.suggestions(w, r.FormValue(key))
		return
	}
	for _, path := range e.results {
		if r.URL.Path == path && r.FormValue("q") != "" {
			e.page(w, r.FormValue("q"))
			return
		}
	}
	if r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/html") && !strings.HasPrefix(r.URL.Path, "/lite") {
		http.NotFound(w, r)
		return
	}
	writePage(w, e.name, fmt.Sprintf(`<form action="%s"><input name="q" type="search"></form>`, e.results[0]))
}

func (e engine) page(w http.ResponseWriter, query string) {
	words := html.EscapeString(query)
	var b strings.Builder
	fmt.Fprintf(&b, `<form action="%s"><input name="q" value="%s"></form>`+"\n<p>Results for <b>%s</b></p>\n<ol>\n", e.results[0], words, words)
	for _, target := range []string{
		"https://example-news.test/article/" + slug(query), "https://example-shop.test/search?q=" + url.QueryEscape(query), "https://example-health.test/topic/" + slug(query),
	} {
		fmt.Fprintf(&b, `<li><a class="result__a" href="%s">%s</a></li>`+"\n", html.EscapeString(target), words)
	}
	b.WriteString("</ol>")
	writePage(w, fmt.Sprintf(e.title, query), b.String())
}

func (e engine) suggestions(w http.ResponseWriter, typed string) {
	w.Header().Set("Content-Type", "application/x-suggestions+json")
	_ = json.NewEncoder(w).Encode([]any{typed, []string{typed, typed + " near me"}})
}

// writePage writes a whole page. The title is escaped, the body is not.
func writePage(w http.ResponseWriter, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html>\n<html><head><title>%s</title></head>\n<body>\n%s\n</body></html>\n", html.EscapeString(title), body)
}

// slug makes words fit for a path.
func slug(s string) string {
	return url.PathEscape(strings.Join(strings.Fields(strings.ToLower(s)), "-"))
}
