package action

import (
	"context"
	"strings"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

type search struct {
	browser Browser
	query   *harness.Canary
	mode    Mode
}

// Search types a query into a browser's search box and waits for the results. The query is meant for the browser's
// search engine, which must have got it.
func Search(b Browser, query *harness.Canary, mode Mode) harness.Action {
	return search{browser: b, query: query, mode: mode}
}

func (s search) Name() string { return "search" }

func (s search) About() harness.About {
	return harness.About{
		Scope: leak.ScopeApp, App: s.browser.App,
		Claims:        []leak.Claim{leak.ClaimContent},
		Canaries:      []*harness.Canary{s.query},
		Postcondition: "the results of the search, in a " + s.mode.String() + " tab of " + s.browser.App,
		Need:          true,
	}
}

func (s search) Run(ctx context.Context, d *harness.Driver) error {
	if err := s.browser.open(ctx, d, s.mode); err != nil {
		return err
	}
	query := s.query.Value()
	if err := s.browser.enter(ctx, d, query); err != nil {
		return err
	}
	return d.Await(ctx, "a results page", func(t *ui.Tree) bool {
		return s.browser.inFront(t) && s.browser.shows(t, query, s.query.Recipient())
	})
}

// inFront says whether the screen belongs to the browser, and not to a dialog of somebody else.
func (b Browser) inFront(t *ui.Tree) bool {
	return len(t.FindAll(ui.Selector{Package: b.App})) > 0
}

// shows says whether a page is open that holds text, or, where a page's content does not reach the screen's tree,
// whether the address shown is on the host. What is being typed is no page.
func (b Browser) shows(t *ui.Tree, text, host string) bool {
	for _, n := range t.Nodes() {
		if n.Package != b.App || n.Focused && strings.HasSuffix(n.Class, "EditText") {
			continue
		}
		if !strings.HasSuffix(n.Class, "EditText") && strings.Contains(n.Text+n.Desc, text) || addressOn(n.Text, host) {
			return true
		}
	}
	return false
}

// addressOn says whether text, as an address bar shows it, is an address on a host.
func addressOn(text, host string) bool {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "www.")
	rest, ok := strings.CutPrefix(text, strings.TrimPrefix(host, "www."))
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '?' || rest[0] == ':')
}
