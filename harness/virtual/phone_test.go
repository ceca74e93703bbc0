package virtual

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/shell"
)

func newInternet(t testing.TB) *internet.Internet {
	t.Helper()
	i, err := internet.Start(internet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.Close() })
	return i
}

func newPhone(t *testing.T, p personality.Personality) *Phone {
	t.Helper()
	i := newInternet(t)
	phone, err := New(Options{Personality: p, Internet: i, RootPEM: i.RootPEM()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = phone.Close() })
	return phone
}

// sh runs a line as adb shell does and returns what it printed.
func sh(t testing.TB, p *Phone, line string) string {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p.shell.Run(ctx, shell.Command{Line: line, Stdout: &out, Stderr: &out})
	return out.String()
}

// until repeats a line until its output holds a text.
func until(t *testing.T, p *Phone, line, want string) string {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		out := sh(t, p, line)
		if strings.Contains(out, want) {
			return out
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: no %q in %s", line, want, out)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestASearchInChrome(t *testing.T) {
	p := newPhone(t, personality.Clean())
	for _, c := range []struct{ line, want string }{
		{"getprop ro.telltale.virtual", "clean\n"},
		{"getprop ro.product.model", "Mi A1\n"},
		{"settings get global http_proxy", "null\n"},
		{"am start -W -n com.android.chrome/com.google.android.apps.chrome.Main", "Status: ok"},
		{"dumpsys window windows | grep -E 'mCurrentFocus'", "com.android.chrome/com.google.android.apps.chrome.Main}"},
	} {
		if got := sh(t, p, c.line); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", c.line, got)
		}
	}
}
