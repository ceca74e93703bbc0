package harness

import (
	"context"
	"errors"

	"github.com/telltale-farm/telltale/harness/profile"
)

// privateTab opens a private tab: no source says for each release which way leads there, and an intent that a browser
// takes and ignores would have a private search typed into a normal tab. It also says whether such a tab can be
// photographed.
func privateTab(b profile.Browser) probe {
	return probe{
		id: "private:" + b.ID, name: "a private tab of " + b.ID + " can be opened and recognised", needs: []string{"consent:" + b.ID, "tap"},
		try: func(ctx context.Context, x *examination) found {
			l := x.lease
			entry, _ := l.profile.App(b.App)
			const fix = "open one by hand and compare its texts with the entry of this browser in harness/profile/catalogue; until it is recognised, private cells of it are inconclusive"
			err := x.launch(ctx, b, entry.Launch)
			if err == nil {
				err = l.driver.Dismiss(ctx, entry)
			}
			way := ""
			if err == nil {
				opening, cancel := context.WithTimeout(ctx, 2*x.patience()) // its intent, then its menu
				way, err = l.driver.OpenPrivate(opening, entry)
				cancel()
			}
			var missing *NotPerformed
			if errors.As(err, &missing) {
				return no(err.Error(), fix)
			}
			if err != nil {
				return failed(err)
			}
			picture := "it can be photographed"
			if b, err := l.device.Screencap(ctx); err != nil {
				picture = "it cannot be photographed: " + err.Error()
			} else if p, err := decodeScreen(b); err == nil && uniform(p) {
				picture = "photographed it is of one colour"
			}
			if err := l.driver.LeavePrivate(ctx, entry); err != nil && !errors.As(err, &missing) {
				return failed(err)
			}
			_ = l.driver.Screen.Home(ctx) // the next look at the screen begins with home anyway
			return yes("by " + way + "; " + picture)
		},
	}
}

// hasPrivate says whether the catalogue knows of a private mode at all: DuckDuckGo, say, has none.
func hasPrivate(p *profile.Phone, b profile.Browser) bool {
	entry, ok := p.App(b.App)
	return ok && entry.Browser != nil && (entry.Browser.Private.Intent != "" || len(entry.Browser.Private.Steps) > 0)
}
