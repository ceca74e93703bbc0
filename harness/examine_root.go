package harness

import (
	"context"
	"errors"
	"slices"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/profile"
)

// rooted asks for root, where the certificate is to go into the system's store.
func rooted() probe {
	return probe{
		id: "root", name: "its shell can become root", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			_, err := becomeRoot(ctx, x.lease.device, x.lease.profile.Trust)
			var none *NoRoot
			switch {
			case errors.As(err, &none):
				return no("adb as root, su -c and su root were tried", "root the phone and allow the shell in its root manager, or say `trust: user` and install the certificate by hand")
			case err != nil:
				return failed(err)
			}
			return yes("")
		},
	}
}

// chromeCommandLine looks whether a Chrome took its command line, which it reads only as the phone's debug app. That it worked
// is shown by whether it believes our certificate.
func chromeCommandLine(b profile.Browser) probe {
	return probe{
		id: "command-line:" + b.ID, name: b.ID + " may be given a command line", needs: []string{"root", "consent:" + b.ID},
		try: func(ctx context.Context, x *examination) found {
			if err := x.lease.trust(ctx); err != nil {
				return failed(err)
			}
			app, err := x.lease.device.Setting(ctx, adb.Setting{Namespace: "global", Key: "debug_app"})
			if err != nil {
				return failed(err)
			}
			if app.Value != b.App && !x.lease.dry {
				return no("the debug app is "+app.String()+" although it was set", "set it by hand: Developer options > Select debug app > Chrome; then run doctor again")
			}
			return yes("it is the debug app; if it does not believe our certificate, switch on chrome://flags > Enable command line on non-rooted devices")
		},
	}
}

// asRoot says whether a phone's certificate goes into the system's store.
func asRoot(p *profile.Phone) bool { return p.Trust == "system" || p.Trust == "apex" }

// isChrome says whether a browser reads Chrome's command line.
func isChrome(b profile.Browser) bool { return slices.Contains(chromes, b.App) }
