package apps

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/chromium"
	"github.com/telltale-farm/telltale/harness/virtual/network"
)

// realPages gives a process its Chromium, if its app is one.
func (s *System) realPages(p *process) {
	if p.app.Web != nil && p.app.Web.Real {
		p.pages = chromium.New(chromium.Options{Trusted: s.trusted, Network: s.net.App(network.AppOptions{
			UID: p.app.UID, Package: p.app.Package, Stack: p.app.Stack, Trust: p.app.Trust, SystemRoots: s.systemRoots, UserRoots: s.phone.Certs.Pool,
		})})
	}
}

// trusted are the CAs in the phone's two stores.
func (s *System) trusted() []*x509.Certificate {
	return slices.Concat(s.builtIn, s.phone.Certs.All())
}

// loadReal loads a page in Chromium.
func loadReal(ctx context.Context, pages *chromium.Browser, private bool, address string) page {
	got, err := pages.Load(ctx, private, address)
	var refused *chromium.LoadError
	switch {
	case err == nil:
		out := page{url: got.URL, title: got.Title, blocks: lines(got.Text)}
		if out.title == "" {
			out.title = got.URL
		}
		return out
	case errors.As(err, &refused) && strings.HasPrefix(refused.Code, "net::ERR_CERT"):
		return problem(address, "tls", strings.Replace(refused.Code, "net::", "NET::", 1))
	case errors.As(err, &refused):
		return problem(address, "net", strings.TrimPrefix(refused.Code, "net::"))
	}
	return problem(address, "net", "ERR_FAILED ("+err.Error()+")")
}

// shown is the address in the bar. A real page's shows once it has loaded: until then nothing was asked for, perhaps.
func (w *browser) shown() string {
	if w.app.Web.Real && w.cur.loading {
		return ""
	}
	return w.cur.url
}

// maxLines bounds what is shown of a page.
const maxLines = 60

func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && len(out) < maxLines {
			out = append(out, line)
		}
	}
	return out
}
