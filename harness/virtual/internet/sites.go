package internet

import (
	"fmt"
	"html"
	"net/http"
)

// site is a place to visit: every path is a page whose title says the site and the path.
type site struct{ name string }

func sites() []Host {
	var hosts []Host
	for _, s := range [][2]string{
		{"example-news.test", "Example News"}, {"example-shop.test", "Example Shop"}, {"example-books.test", "Example Books"},
		{"example-health.test", "Example Health"}, {"example-video.test", "Example Video"}, {"example.test", "Example"},
	} {
		hosts = append(hosts, Host{Name: s[0], Handler: site{s[1]}}, Host{Name: "*." + s[0], Handler: site{s[1]}})
	}
	return hosts
}

// ServeHTTP answers with a page, and sets the cookie that sites set.
func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/favicon.ico" || r.URL.Path == "/robots.txt" {
		http.NotFound(w, r)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "visited", Value: "1", Path: "/", SameSite: http.SameSiteLaxMode})
	title := s.name
	if r.URL.Path != "/" {
		title += ": " + r.URL.Path
	}
	body := fmt.Sprintf("<h1>%s</h1>", html.EscapeString(title))
	if q := r.URL.Query().Get("q"); q != "" {
		body += fmt.Sprintf("\n<p>Results for <b>%s</b></p>", html.EscapeString(q))
	}
	writePage(w, title, body+`
<p><a href="/">Home</a> <a href="/article/1">First article</a> <a href="/about">About</a></p>`)
}
