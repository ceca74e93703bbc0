package virtual

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/chromium"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// startsAlone skips the test where Chromium does not start, whoever starts it: a stub of a package that is not installed,
// or a container that leaves it no sandbox.
func startsAlone(t *testing.T, path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "telltale-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // its children may end a moment later than it, and write until then
		for end := time.Now().Add(10 * time.Second); os.RemoveAll(dir) != nil && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := []string{"--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--user-data-dir=" + dir, "--dump-dom", "data:text/html,here"}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir)
	cmd.WaitDelay = 10 * time.Second
	var said strings.Builder
	cmd.Stderr = &said
	if out, err := cmd.Output(); !strings.Contains(string(out), "here") {
		t.Skipf("%s does not start by itself on this computer: %v\n%s", path, err, said.String())
	}
}

// A real Chromium shows a page of the stand-in internet on the phone's screen, in an ordinary and in a private tab, with
// the cookies of each for itself.
func TestRealChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Chromium")
	}
	path, err := chromium.Find()
	if errors.Is(err, chromium.ErrMissing) {
		t.Skip(err)
	}
	startsAlone(t, path)
	p := newPhone(t, personality.Chromium())
	sh(t, p, "am start -W -a android.intent.action.VIEW -d https://example-news.test/first com.android.chrome")
	tapID(t, p, "com.android.chrome:id/terms_accept")
	real := func(want string) {
		t.Helper()
		for end := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
			if got := sh(t, p, "uiautomator dump /dev/tty"); strings.Contains(got, want) {
				return
			} else if time.Now().After(end) {
				t.Fatalf("no %q on %s", want, got)
			}
		}
	}
	real("Example News: /first")
	tapID(t, p, "com.android.chrome:id/menu_button")
	tapText(t, p, "New Incognito tab")
	tapID(t, p, "com.android.chrome:id/search_box_text")
	sh(t, p, "input text 'blue%sheron%s4711' && input keyevent 66")
	real("blue heron 4711")
	if got := sh(t, p, "uiautomator dump /dev/tty"); !strings.Contains(got, "incognito_badge") {
		t.Error("no private tab")
	}
	found := false
	for _, a := range p.Manifest().Acts {
		found = found || a.What == "search" && a.Private
	}
	if m := p.Manifest(); !found || len(m.Entries) != 0 {
		t.Errorf("what was done and sent: %+v", m)
	}
	if out := p.network.Netstats(network.FormatTraffic); !strings.Contains(out, "10121") {
		t.Errorf("its bytes are not counted as the browser's: %s", out)
	}
	sh(t, p, "am force-stop com.android.chrome")
}
