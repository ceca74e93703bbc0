package action

import (
	"context"
	"errors"
	"path"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

type download struct {
	browser Browser
	address *harness.Canary
	mode    Mode
}

// Download has a browser download a file, and removes it from the phone again. Its address, and the name that the address
// gives it, are meant for its site alone.
func Download(b Browser, address *harness.Canary, mode Mode) harness.Action {
	return download{b, address, mode}
}

func (download) Name() string { return "download" }

func (a download) About() harness.About {
	return harness.About{
		Scope: leak.ScopeApp, App: a.browser.App, Claims: []leak.Claim{leak.ClaimContent}, Canaries: []*harness.Canary{a.address},
		Postcondition: "the file among the downloads, by a " + a.mode.String() + " tab of " + a.browser.App, Need: true,
	}
}

func (a download) Run(ctx context.Context, d *harness.Driver) (err error) {
	file := "/sdcard/Download/" + path.Base(a.address.Value())
	if err := d.Expect(ctx, file); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Remove(ctx, file)) }()
	return a.browser.in(ctx, d, a.mode, func() error {
		if err := a.browser.enter(ctx, d, a.address.Value()); err != nil {
			return err
		}
		return d.AwaitFile(ctx, file, a.browser.Entry.Browser.Download)
	})
}
