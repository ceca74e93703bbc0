package harness_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// TestWhatGoesAroundTheProxyIsNamed has a browser send bytes by every way that the proxy does not see. The verdict is
// inconclusive, and says which app, how many bytes, and where to.
func TestWhatGoesAroundTheProxyIsNamed(t *testing.T) {
	t.Parallel()
	const chrome, sent = "com.android.chrome", 4000
	for _, tc := range []struct {
		name, proto, to string
		stack           network.Stack
		host            string // in the reason
		port            int
		says            string
	}{
		{"QUIC", "udp", "example-news.test:443", network.Chromium, "example-news.test", 443, "QUIC around the proxy"},
		{"QUIC of a dual-stack socket", "udp", "example-news.test:443", network.Java, "example-news.test", 443, "QUIC around the proxy"},
		{"its own name server", "udp", "example-shop.test:53", network.Chromium, "example-shop.test", 53, "questions to a name server"},
		{"a datagram", "udp", "example-shop.test:8125", network.Java, "example-shop.test", 8125, "a connection around the proxy"},
		{"a raw socket", "tcp", "example-books.test:443", network.Chromium, "example-books.test", 443, "a connection around the proxy"},
		{"a raw socket of a dual stack", "tcp", "example-books.test:8883", network.Java, "example-books.test", 8883, "a connection around the proxy"},
		{"encrypted questions", "tcp", "example-health.test:853", network.Chromium, "example-health.test", 853, "encrypted questions to a name server"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRelayRig(t, personality.Clean(), "clean")
			r.options.Names = r.internet.Names()
			l := r.lease()
			defer r.release(l)
			app, _ := personality.Clean().App(chrome)
			seen, err := r.search(l, func(a harness.Action) harness.Action {
				return broken{a, func(ctx context.Context) error {
					c, err := r.phone.Network().App(network.AppOptions{UID: app.UID, Package: chrome, Stack: tc.stack}).Dial(ctx, tc.proto, tc.to)
					if err != nil {
						return err
					}
					t.Cleanup(func() { c.Close() })
					_, err = io.WriteString(c, strings.Repeat("x", sent))
					return err
				}}
			})
			if err != nil {
				t.Fatal(err)
			}
			if seen.Verdict.Outcome != leak.Inconclusive || !slices.Contains(codes(seen), leak.CodeBypass) {
				t.Fatalf("%s, %v", seen.Verdict.Outcome, codes(seen))
			}
			reasons := seen.Verdict.Claims[leak.ClaimContent].Reasons
			i := slices.IndexFunc(reasons, func(x leak.Reason) bool { return x.Code == leak.CodeBypass && x.Port == tc.port })
			if i < 0 {
				t.Fatalf("no reason for port %d: %+v", tc.port, reasons)
			}
			if x := reasons[i]; x.App != chrome || x.Host != tc.host || x.Bytes < sent || !strings.Contains(x.Detail, tc.says) {
				t.Errorf("reason %+v", x)
			}
			around := seen.Verdict.Coverage.Around
			if len(around) != 1 || around[0].UID != app.UID || !slices.Contains(around[0].Apps, chrome) || around[0].Bytes < sent ||
				!slices.ContainsFunc(around[0].To, func(s string) bool { return strings.HasSuffix(s, fmt.Sprintf(" %s:%d", tc.host, tc.port)) }) {
				t.Errorf("coverage %+v", around)
			}
		})
	}
}

// everywhere is an action of which whatever the phone sends counts.
type everywhere struct{ harness.Action }

func (e everywhere) About() harness.About {
	about := e.Action.About()
	about.Scope = leak.ScopePhone
	return about
}

// TestATunnelOfAnotherApp: a VPN takes what the browser sends past the proxy. Of the browser its own socket and bytes are
// seen, as the kernel counts them; of the VPN, where it takes them.
func TestATunnelOfAnotherApp(t *testing.T) {
	const chrome, vpn, sent = "com.android.chrome", "com.example.vpn", 3000
	who := personality.Clean()
	browser, _ := who.App(chrome)
	who.Apps = append(who.Apps, personality.App{Package: vpn, Label: "VPN", Kind: personality.Stub, UID: 10333, Activity: ".Main", TargetSDK: 28})
	for _, tc := range []struct {
		name  string
		wrap  func(harness.Action) harness.Action
		wants []string // apps, sorted
	}{
		{"of the browser, in its own scope", func(a harness.Action) harness.Action { return a }, []string{chrome}},
		{"of the phone", func(a harness.Action) harness.Action { return everywhere{a} }, []string{chrome, vpn}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, who, "clean")
			r.options.Names = r.internet.Names()
			l := r.lease()
			defer r.release(l)
			send := func(ctx context.Context, uid int, pkg, proto, to string) error {
				c, err := r.phone.Network().App(network.AppOptions{UID: uid, Package: pkg, Stack: network.Chromium}).Dial(ctx, proto, to)
				if err != nil {
					return err
				}
				t.Cleanup(func() { c.Close() })
				_, err = io.WriteString(c, strings.Repeat("x", sent))
				return err
			}
			seen, err := r.search(l, func(a harness.Action) harness.Action {
				return tc.wrap(broken{a, func(ctx context.Context) error {
					if err := send(ctx, browser.UID, chrome, "tcp", "example-books.test:443"); err != nil {
						return err
					}
					return send(ctx, 10333, vpn, "udp", "example-shop.test:51820")
				}})
			})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, x := range seen.Verdict.Claims[leak.ClaimContent].Reasons {
				if x.Code == leak.CodeBypass {
					got = append(got, x.App)
					if host := map[string]string{chrome: "example-books.test", vpn: "example-shop.test"}[x.App]; x.Host != host || x.Bytes < sent {
						t.Errorf("reason %+v", x)
					}
				}
			}
			slices.Sort(got)
			if seen.Verdict.Outcome != leak.Inconclusive || !slices.Equal(got, tc.wants) {
				t.Errorf("%s, around the proxy: %q, want %q", seen.Verdict.Outcome, got, tc.wants)
			}
		})
	}
}

// TestTheShellsOwnBytesAreBypass: what the shell sends is not adb's on a phone whose adb daemon does not count.
func TestTheShellsOwnBytesAreBypass(t *testing.T) {
	t.Parallel()
	r := newRelayRig(t, personality.Clean(), "clean")
	r.options.Names = r.internet.Names()
	l := r.lease()
	defer r.release(l)
	_, err := r.search(l, func(a harness.Action) harness.Action {
		return broken{a, func(ctx context.Context) error {
			c, err := r.phone.Network().App(network.AppOptions{UID: 2000, Package: "com.android.shell", Stack: network.Chromium}).Dial(ctx, "tcp", "example.test:80")
			if err != nil {
				return err
			}
			t.Cleanup(func() { c.Close() })
			_, err = io.WriteString(c, strings.Repeat("x", 500))
			return err
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	attempts := r.attempts()
	counters := attempts[slices.IndexFunc(attempts, func(a leak.Attempt) bool { return a.Key == r.searchKey() })].Counters
	if !slices.ContainsFunc(counters.Deltas, func(d leak.Delta) bool { return d.UID == 2000 && d.TX >= 500 }) ||
		!slices.ContainsFunc(counters.Sockets, func(s leak.Sock) bool { return s.UID == 2000 && s.Host == "example.test" && s.Port == 80 }) {
		t.Errorf("counters %+v", counters)
	}
}

// TestBetweenTwoWindows: what the browser sends around the proxy after its window, while nobody watches, is seen when the
// next window opens, and says with its bytes that the search may yet have leaked. A reboot loses the count, and says so.
func TestBetweenTwoWindows(t *testing.T) {
	const chrome = "com.android.chrome"
	for _, tc := range []struct {
		name    string
		happens func(t *testing.T, r *rig)
		bytes   int64
		says    string
	}{
		{"bytes", func(t *testing.T, r *rig) {
			app, _ := personality.Clean().App(chrome)
			c, err := r.phone.Network().App(network.AppOptions{UID: app.UID, Package: chrome, Stack: network.Chromium}).Dial(t.Context(), "udp", "example-news.test:443")
			if err == nil {
				_, err = io.WriteString(c, strings.Repeat("x", 900))
			}
			if err == nil {
				err = c.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}, 900, "before the app was driven again"},
		{"a reboot", func(_ *testing.T, r *rig) { r.phone.ADB().Reboot("") }, 0, "the phone rebooted between two windows"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, personality.Clean(), "clean")
			l := r.lease()
			if seen, err := r.search(l, nil); err != nil || seen.Verdict.Outcome != leak.Clean {
				t.Fatalf("%+v, %v", seen, err)
			}
			tc.happens(t, r)
			v := r.finish(l)
			claim := v.Cells[0].Claims[leak.ClaimContent]
			if claim.Outcome != leak.Inconclusive || len(claim.Reasons) != 1 || claim.Reasons[0].Code != leak.CodeBypass || claim.Reasons[0].Bytes < tc.bytes ||
				!strings.Contains(claim.Reasons[0].Detail, tc.says) {
				t.Errorf("%s: %+v", claim.Outcome, claim.Reasons)
			}
		})
	}
}
