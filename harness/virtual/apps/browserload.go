package apps

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

const (
	maxPage     = 2 << 20 // bytes of a page that are read
	pageTimeout = 30 * time.Second
)

// search asks the search engine. Kits that report searches hear of the words, then of the address like of any other.
func (w *browser) search(s *System, words string) {
	position := "homepage"
	if w.cur.url != "" {
		position = "search_result"
	}
	s.act(w.app.Package, "search", words, w.cur.private)
	s.report(personality.OnSearch, w.app.Package, w.cur.private, "search",
		telemetry.Value{Key: "used_searchengine", Text: w.app.Web.Engine},
		telemetry.Value{Key: "search_position", Text: position},
		telemetry.Value{Key: "search_method", Text: "input"},
		telemetry.Value{Key: "search_word", Kind: manifest.Query, Text: words})
	w.visit(s, strings.Replace(w.app.Web.SearchURL, "%s", url.QueryEscape(words), 1))
}

// visit loads a page into the tab in front.
func (w *browser) visit(s *System, address string) {
	w.blur()
	t := w.cur
	t.url, t.title, t.blocks, t.form, t.problem, t.loading = address, "", nil, form{}, "", true
	t.loads++
	load, private := t.loads, t.private
	s.act(w.app.Package, "visit", address, private)
	s.report(personality.OnVisit, w.app.Package, private, "page_load_event_start",
		telemetry.Value{Key: "url", Kind: manifest.URL, Text: address})

	p := s.process(w.app.Package)
	client := *p.client
	client.Jar, client.CheckRedirect = w.jar, redirect
	if private {
		client.Jar = w.hidden
	}
	var got page
	s.after(p, func(ctx context.Context) {
		if p.pages != nil {
			got = loadReal(ctx, p.pages, private, address)
			return
		}
		got = get(ctx, &client, address, w.app.Web.UserAgent)
	}, func() {
		if t.loads != load {
			return // the user has gone on
		}
		if got.file != "" {
			w.keep(s, t, got)
			return
		}
		t.form = got.form
		t.url, t.title, t.blocks, t.problem, t.loading = got.url, got.title, got.blocks, got.problem, false
		if got.problem == "" {
			s.report(personality.OnVisit, w.app.Package, private, "page_load_event_finish",
				telemetry.Value{Key: "url", Kind: manifest.URL, Text: got.url})
			w.favicon(s, p, &client, got.url)
		}
	})
}

// redirect follows at most 20 redirections, and tells another site only where the user comes from, not the whole
// address: the referrer policy of browsers since 2020.
func redirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 20 {
		return errors.New("too many redirects")
	}
	if from := via[len(via)-1].URL; from.Host != req.URL.Host && req.Header.Get("Referer") != "" {
		req.Header.Set("Referer", from.Scheme+"://"+from.Host+"/")
	}
	return nil
}

func (w *browser) favicon(s *System, p *process, client *http.Client, from string) {
	u, err := url.Parse(from)
	if err != nil || !w.app.Web.Favicons {
		return
	}
	icon := url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/favicon.ico"}
	s.after(p, func(ctx context.Context) { fetch(ctx, client, icon.String(), w.app) }, nil)
}

// page is what came back.
type page struct {
	url, title, problem string
	blocks              []string
	form                form
	file                string // name of a file that came instead of a page
	body                []byte // of that file
}

func get(ctx context.Context, client *http.Client, address, agent string) page {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || req.URL.Host == "" {
		return problem(address, "net", "ERR_INVALID_URL")
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	req.Header.Set("Accept-Language", "en-GB,en;q=0.9")
	res, err := client.Do(req)
	if err != nil {
		return failed(address, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	if err != nil {
		return failed(address, err)
	}
	final := res.Request.URL.String()
	if name := attached(res); name != "" {
		return page{url: final, file: name, body: body}
	}
	title, blocks, form := readable(body, res.Header.Get("Content-Type"))
	if title == "" {
		title = res.Request.URL.Host
	}
	return page{url: final, title: title, blocks: blocks, form: form}
}

// failed makes the error page that Chromium shows.
func failed(address string, err error) page {
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var netErr interface{ Timeout() bool }
	switch {
	case errors.As(err, &name):
		return problem(address, "tls", "NET::ERR_CERT_COMMON_NAME_INVALID")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return problem(address, "tls", "NET::ERR_CERT_DATE_INVALID")
	case errors.As(err, &unknown), errors.As(err, &verification), errors.As(err, &invalid):
		return problem(address, "tls", "NET::ERR_CERT_AUTHORITY_INVALID")
	case errors.As(err, &netErr) && netErr.Timeout():
		return problem(address, "net", "ERR_TIMED_OUT")
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "proxy") || strings.Contains(text, "CONNECT"):
		return problem(address, "net", "ERR_PROXY_CONNECTION_FAILED")
	case strings.Contains(text, "no such host"):
		return problem(address, "net", "ERR_NAME_NOT_RESOLVED")
	case strings.Contains(text, "refused"):
		return problem(address, "net", "ERR_CONNECTION_REFUSED")
	}
	return problem(address, "net", "ERR_FAILED")
}

func problem(address, class, code string) page {
	host := address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		host = u.Host
	}
	p := page{url: address, problem: class}
	if class == "tls" {
		p.title = "Privacy error"
		p.blocks = []string{"Your connection is not private", "Attackers might be trying to steal your information from " + host + ".", code}
		return p
	}
	p.title = host
	p.blocks = []string{"No internet", "This site can't be reached", host + " could not be loaded.", code}
	return p
}
