package harness

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/capture"
)

// Chrome asks certificates of the system's store for certificate transparency, which no CA of ours can give, and not
// those that the user installed. So with our CA in the system's store, and only then, Chrome has to be told to believe
// our key; it takes that from a file, if it is the phone's debug app (Chromium, CommandLineInitUtil; unverified on the
// newest release, where chrome://flags "Enable command line on non-rooted devices" may be needed too).
const chromeFile = "/data/local/tmp/chrome-command-line"

// chromes read that file.
var chromes = []string{"com.android.chrome", "com.chrome.beta", "com.chrome.dev", "com.chrome.canary"}

// chromeFlags is the file: its first word is ignored, and says here whose it is. QUIC is off so that nothing goes around
// the proxy; the first-run pages are off because they swallow what is to be opened.
func chromeFlags(ca *capture.CA) string {
	sum := sha256.Sum256(ca.Certificate().RawSubjectPublicKeyInfo)
	return "telltale --ignore-certificate-errors-spki-list=" + base64.StdEncoding.EncodeToString(sum[:]) + " --disable-quic --disable-fre --no-first-run\n"
}

// unsetChrome puts file and debug app back. A file that was there before us waits beside ours.
func unsetChrome(app, before string) string {
	restore := "am clear-debug-app"
	if before != "" && before != "null" {
		restore = "am set-debug-app --persistent " + adb.Quote(before)
	}
	return fmt.Sprintf(`if [ -e %[1]s.kept ]; then mv %[1]s.kept %[1]s; elif grep -q '^telltale ' %[1]s 2>/dev/null; then rm -f %[1]s; fi
%[2]s; am force-stop %[3]s`, chromeFile, restore, adb.Quote(app))
}

// setChromeFlags has one Chrome believe our key.
func setChromeFlags(ctx context.Context, sh rootShell, app string, ca *capture.CA, remember func(what, script string) error) error {
	if !slices.Contains(chromes, app) {
		return nil
	}
	res, err := sh.Script(ctx, "settings get global debug_app")
	if err != nil {
		return fmt.Errorf("reading the phone's debug app: %w", err)
	}
	if err := remember("the command line of "+app, unsetChrome(app, strings.TrimSpace(string(res.Stdout)))); err != nil {
		return err
	}
	keep := fmt.Sprintf("if [ -e %[1]s ] && ! grep -q '^telltale ' %[1]s; then mv %[1]s %[1]s.kept; fi", chromeFile)
	if _, err := sh.Script(ctx, keep); err != nil {
		return fmt.Errorf("keeping Chrome's own command line: %w", err)
	}
	if err := sh.Push(ctx, strings.NewReader(chromeFlags(ca)), chromeFile, 0o644); err != nil {
		return err
	}
	if _, err := sh.Script(ctx, "am set-debug-app --persistent "+adb.Quote(app)+" && am force-stop "+adb.Quote(app)); err != nil {
		return fmt.Errorf("making %s the phone's debug app: %w", app, err)
	}
	return nil
}
