package action

import (
	"context"
	"strings"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

// browse types a canary into a browser and waits for the page that comes of it.
type browse struct {
	name    string
	what    string // that must be on the screen in the end
	browser Browser
	canary  *harness.Canary
	mode    Mode
}

func (a browse) Name() string { return a.name }

func (a browse) About() harness.About {
	return harness.About{
		Scope: leak.ScopeApp, App: a.browser.App,
		Claims:        []leak.Claim{leak.ClaimContent},
		Private:       a.mode == Private,
		Canaries:      []*harness.Canary{a.canary},
		Postcondition: a.what + ", in a " + a.mode.String() + " tab of " + a.browser.App,
		Need:          true,
	}
}

func (a browse) Run(ctx context.Context, d *harness.Driver) error {
	return a.browser.in(ctx, d, a.mode, func() error {
		text := a.canary.Value()
		if err := a.browser.enter(ctx, d, text); err != nil {
			return err
		}
		return d.Await(ctx, a.what, func(t *ui.Tree) bool {
			return a.browser.inFront(t) && a.browser.shows(t, text, a.canary.Recipient())
		})
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
		field := strings.HasSuffix(n.Class, "EditText")
		if n.Package != b.App || field && n.Focused {
			continue
		}
		if !field && strings.Contains(n.Text+n.Desc, text) || addressOn(n.Text, host) {
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
