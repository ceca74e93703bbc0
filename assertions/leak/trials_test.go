package leak_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

const ms = int64(1000)

// Hosts of what the windows of these tests send.
const (
	reports = "tracking.example"
	push    = "push.example"
)

// opaqueTo is a handshake that an app refused, some time after a window began.
func opaqueTo(app, host string, at int64) leaktest.Flow {
	return leaktest.Tunnel(app, host, 443, flow.ClassUntrustedCA, at+400*ms)
}

func accept(b *leaktest.Bundle, app, host string) {
	pp := b.PhonePolicy(leaktest.PhoneID)
	pp.Accept = append(pp.Accept, leak.Accept{App: app, Host: host, Why: "test"})
}

func TestTrialsDecide(t *testing.T) {
	action := func(p leak.Place) bool { return p.Kind == leak.TrialAction }
	quiet := func(leak.Place, int64) []leaktest.Flow { return nil }
	onAction := func(make func(p leak.Place, at int64) leaktest.Flow) func(leak.Place, int64) []leaktest.Flow {
		return func(p leak.Place, at int64) []leaktest.Flow {
			if !action(p) {
				return nil
			}
			return []leaktest.Flow{make(p, at)}
		}
	}
	unread := onAction(func(_ leak.Place, at int64) leaktest.Flow { return opaqueTo(leaktest.Analytics, reports, at) })
	seldom := func(p leak.Place, at int64) []leaktest.Flow { // in as many windows of either kind
		if p.N%30 > 1 {
			return nil
		}
		return []leaktest.Flow{opaqueTo(leaktest.Analytics, push, at)}
	}
	for name, c := range map[string]struct {
		n      int
		sent   func(leak.Place, int64) []leaktest.Flow
		change func(*leaktest.Bundle)
		want   leak.Outcome
		codes  []leak.Code
		host   string // of the finding of class reaction
		says   string // part of its text, or of a reason's
	}{
		"nothing sent":                      {n: 6, sent: quiet, want: leak.Clean},
		"reacts, unread":                    {n: 8, sent: unread, want: leak.Leaked, codes: []leak.Code{leak.CodeOpaqueFlow}, host: reports, says: "within 0.4 s, 517 B to tracking.example:443, 8 of 8 times; idle 0 of 8; chance 0.0"},
		"reacts, and accepted all the same": {n: 8, sent: unread, change: func(b *leaktest.Bundle) { accept(b, leaktest.Analytics, reports) }, want: leak.Leaked, host: reports, says: "8 of 8"},
		"reacts, readable, without a marker": {n: 8, want: leak.Leaked, host: reports, says: "8 of 8",
			sent: onAction(func(_ leak.Place, at int64) leaktest.Flow {
				return leaktest.Post(leaktest.Analytics, "https://"+reports+"/e", at+100*ms, `{"event":"beat"}`)
			})},
		"reacts around the proxy": {n: 8, sent: quiet, want: leak.Leaked, codes: []leak.Code{leak.CodeBypass}, host: "unknown", says: "around the proxy",
			change: func(b *leaktest.Bundle) {
				for i := range b.Phones[0].Attempts {
					if a := &b.Phones[0].Attempts[i]; a.Trial != nil && action(*a.Trial) {
						a.Counters.Deltas = []leak.Delta{{UID: 10002, Apps: []string{leaktest.Analytics}, TX: 900}}
					}
				}
			}},
		"reacts to a new host each time": {n: 8, want: leak.Leaked, codes: []leak.Code{leak.CodeOpaqueFlow, leak.CodeTooFewRepeats}, host: "*.tracking.example", says: "8 of 8",
			sent: onAction(func(p leak.Place, at int64) leaktest.Flow {
				return opaqueTo(leaktest.Analytics, fmt.Sprintf("n%d.%s", p.N, reports), at)
			})},
		"the same unread traffic whatever is done": {n: 8, want: leak.Inconclusive, codes: []leak.Code{leak.CodeOpaqueFlow, leak.CodeTooFewRepeats},
			sent: func(_ leak.Place, at int64) []leaktest.Flow {
				return []leaktest.Flow{opaqueTo(leaktest.Analytics, push, at)}
			}},
		"seldom, accepted, enough windows": {n: 100, sent: seldom, change: func(b *leaktest.Bundle) { accept(b, leaktest.Analytics, push) }, want: leak.Clean},
		"seldom, accepted, too few windows": {n: 8, sent: seldom, change: func(b *leaktest.Bundle) { accept(b, leaktest.Analytics, push) },
			want: leak.Inconclusive, codes: []leak.Code{leak.CodeTooFewRepeats}, says: "of each kind"},
		"seldom, not accepted, enough windows": {n: 100, sent: seldom, want: leak.Inconclusive, codes: []leak.Code{leak.CodeOpaqueFlow}},
		"always, accepted, enough windows": {n: 60, change: func(b *leaktest.Bundle) { accept(b, leaktest.Analytics, push) },
			sent: func(_ leak.Place, at int64) []leaktest.Flow {
				return []leaktest.Flow{opaqueTo(leaktest.Analytics, push, at)}
			},
			want: leak.Inconclusive, codes: []leak.Code{leak.CodeTooFewRepeats}, says: "so often without the action"},
		"accepted, seen before the windows only": {n: 8, sent: quiet, want: leak.Inconclusive, codes: []leak.Code{leak.CodeTooFewRepeats}, says: "windows are too few",
			change: func(b *leaktest.Bundle) {
				accept(b, leaktest.Analytics, push)
				b.Phones[0].Flows[2] = opaqueTo(leaktest.Analytics, push, leaktest.At(3).Start)
			}},
		"accepted, seen before enough windows": {n: 60, sent: quiet, want: leak.Clean,
			change: func(b *leaktest.Bundle) {
				accept(b, leaktest.Analytics, push)
				b.Phones[0].Flows[2] = opaqueTo(leaktest.Analytics, push, leaktest.At(3).Start)
			}},
		"the app that the action opens, read": {n: 8, want: leak.Clean, change: owns,
			sent: onAction(func(_ leak.Place, at int64) leaktest.Flow {
				return leaktest.Get(leaktest.Browser, "https://"+reports+"/feed", at+100*ms)
			})},
		"the app that the action opens, unread and accepted": {n: 8, want: leak.Inconclusive, codes: []leak.Code{leak.CodeOpaqueFlow}, says: "itself opens",
			change: func(b *leaktest.Bundle) { owns(b); accept(b, leaktest.Browser, reports) },
			sent:   onAction(func(_ leak.Place, at int64) leaktest.Flow { return opaqueTo(leaktest.Browser, reports, at) })},
		"a uid that the app shares which the action opens, read": {n: 8, want: leak.Inconclusive, codes: []leak.Code{leak.CodeOpaqueFlow}, says: "share its uid", change: owns,
			sent: onAction(func(_ leak.Place, at int64) leaktest.Flow {
				f := leaktest.Get("", "https://"+reports+"/feed", at+100*ms)
				shared(&f, leaktest.Browser, "com.third")
				return f
			})},
		"it, whatever is done": {n: 8, want: leak.Clean, change: owns,
			sent: func(_ leak.Place, at int64) []leaktest.Flow {
				f := leaktest.Get("", "https://"+reports+"/feed", at+100*ms)
				shared(&f, leaktest.Browser, "com.third")
				return []leaktest.Flow{f}
			}},
		"it, beside an app that reacts": {n: 8, want: leak.Leaked, codes: []leak.Code{leak.CodeOpaqueFlow}, host: reports, says: "8 of 8", change: owns,
			sent: func(p leak.Place, at int64) []leaktest.Flow {
				if !action(p) {
					return nil
				}
				f := leaktest.Get("", "https://"+reports+"/feed", at+100*ms)
				shared(&f, leaktest.Browser, "com.third")
				return []leaktest.Flow{f, leaktest.Get(leaktest.Analytics, "https://"+reports+"/feed", at+100*ms)}
			}},
		"around the proxy, by a uid that it shares": {n: 8, sent: quiet, want: leak.Inconclusive, codes: []leak.Code{leak.CodeBypass, leak.CodeOpaqueFlow}, says: "share its uid",
			change: func(b *leaktest.Bundle) {
				owns(b)
				for i := range b.Phones[0].Attempts {
					if a := &b.Phones[0].Attempts[i]; a.Trial != nil && action(*a.Trial) {
						a.Counters.Deltas = []leak.Delta{{UID: 10001, Apps: []string{leaktest.Browser, "com.third"}, TX: 900}}
					}
				}
			}},
		"sent unread after a short window's end": {n: 60, want: leak.Inconclusive, codes: []leak.Code{leak.CodeTooFewRepeats}, says: "as far as all windows go",
			change: func(b *leaktest.Bundle) {
				accept(b, leaktest.Analytics, push)
				for i := range b.Phones[0].Attempts {
					if a := &b.Phones[0].Attempts[i]; a.Trial != nil && !action(*a.Trial) {
						a.Window.End -= 3_000_000
					}
				}
			},
			sent: onAction(func(p leak.Place, at int64) leaktest.Flow {
				return leaktest.Tunnel(leaktest.Analytics, push, 443, flow.ClassUntrustedCA, at+8_000_000)
			})},
		"a gap in an idle window": {n: 8, sent: quiet, want: leak.Inconclusive, codes: []leak.Code{leak.CodeTooFewRepeats}, says: "capture-gap",
			change: func(b *leaktest.Bundle) { idleWindow(b).Tunnel.After = false }},
		"a window of another length": {n: 8, sent: quiet, want: leak.Inconclusive, codes: []leak.Code{leak.CodeTooFewRepeats}, says: "the window took 1.0 s, the others 9.0 s",
			change: func(b *leaktest.Bundle) { w := idleWindow(b); w.Window.End = w.Window.Start + 1_000_000 }},
		"an order that was not drawn": {n: 8, sent: unread, want: leak.Inconclusive, codes: []leak.Code{leak.CodeHarness, leak.CodeOpaqueFlow}, says: "that its seed drew",
			change: func(b *leaktest.Bundle) { idleWindow(b).Trial.Kind = leak.TrialAction }},
		"planned and not made": {n: 0, sent: quiet, want: leak.Inconclusive, codes: []leak.Code{leak.CodeTooFewRepeats}, says: "of 8 each",
			change: func(b *leaktest.Bundle) { b.Plan.Cells[0].Trials = 8 }},
		"nothing but idle windows": {n: 2, want: leak.Inconclusive, codes: []leak.Code{leak.CodeNoAttempt, leak.CodeTooFewRepeats},
			sent: func(_ leak.Place, at int64) []leaktest.Flow {
				return []leaktest.Flow{opaqueTo(leaktest.Analytics, push, at)}
			},
			change: func(b *leaktest.Bundle) {
				b.Phones[0].Attempts = slices.DeleteFunc(b.Phones[0].Attempts, func(a leak.Attempt) bool {
					return a.Key == leaktest.SettingsKey && (a.Trial == nil || action(*a.Trial))
				})
			}},
		"made and not planned": {n: 8, sent: quiet, want: leak.Inconclusive, codes: []leak.Code{leak.CodeHarness},
			change: func(b *leaktest.Bundle) { b.Plan.Cells[0].Trials = 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := leaktest.Clean()
			b.AddTrials(c.n, c.sent)
			if c.change != nil {
				c.change(b)
			}
			claim := judgedSettings(t, b)
			var codes []leak.Code
			texts := claim.Outcome + "\n"
			for _, r := range claim.Reasons {
				codes = append(codes, r.Code)
				texts += leak.Outcome(r.Detail + "\n")
			}
			slices.Sort(codes)
			if codes = slices.Compact(codes); claim.Outcome != c.want || !slices.Equal(codes, c.codes) {
				t.Errorf("%s for %v, want %s for %v\n%s", claim.Outcome, codes, c.want, c.codes, texts)
			}
			var hosts []string
			for _, f := range claim.Findings {
				if f.Class == leak.ClassReaction {
					hosts = append(hosts, f.Host)
					texts += leak.Outcome(f.Location + "\n")
				}
			}
			if c.host == "" && len(hosts) > 0 || c.host != "" && !slices.Equal(hosts, []string{c.host}) {
				t.Errorf("reactions called: %q, want %q", hosts, c.host)
			}
			if !strings.Contains(string(texts), c.says) {
				t.Errorf("nothing says %q:\n%s", c.says, texts)
			}
			if claim.Trials == nil {
				t.Fatal("no account of the windows")
			}
		})
	}
}

// owns says of every window that its action opens the browser.
func owns(b *leaktest.Bundle) {
	for i := range b.Phones[0].Attempts {
		if p := b.Phones[0].Attempts[i].Trial; p != nil {
			p.Own = []string{leaktest.Browser}
		}
	}
}

func idleWindow(b *leaktest.Bundle) *leak.Attempt {
	at := slices.IndexFunc(b.Phones[0].Attempts, func(a leak.Attempt) bool { return a.Trial != nil && a.Trial.Kind == leak.TrialIdle })
	return &b.Phones[0].Attempts[at]
}

func judgedSettings(t *testing.T, b *leaktest.Bundle) leak.ClaimVerdict {
	t.Helper()
	v := judge(t, b)
	at := slices.IndexFunc(v.Cells, func(c leak.CellVerdict) bool { return c.Key == leaktest.SettingsKey })
	if at < 0 {
		t.Fatalf("no verdict: %+v", v)
	}
	return v.Cells[at].Claims[leak.ClaimReaction]
}

// A window that a fault ended is named, and the one that restarted it takes its place.
func TestTrialsRestart(t *testing.T) {
	b := leaktest.Clean()
	b.AddTrials(8, func(leak.Place, int64) []leaktest.Flow { return nil })
	p := b.Phones[0]
	lost := *idleWindow(b)
	lost.ID, lost.RetriedBy = int64(len(p.Attempts)+1), int64(len(p.Attempts)+2)
	lost.Fault = &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "unplugged"}
	again := *idleWindow(b)
	again.ID, again.RetryOf = lost.RetriedBy, lost.ID
	*idleWindow(b) = lost
	p.Attempts = append(p.Attempts, again)
	claim := judgedSettings(t, b)
	if claim.Outcome != leak.Clean || claim.Trials.Idles != 8 || len(claim.Trials.Left) != 1 || claim.Trials.Left[0].Code != leak.CodeDeviceLost {
		t.Errorf("%s, %+v, %+v", claim.Outcome, claim.Reasons, claim.Trials)
	}
}

// The same files give the same bytes, with hosts enough that maps would show.
func TestTrialsAreReproducible(t *testing.T) {
	b := leaktest.Clean()
	b.AddTrials(12, func(p leak.Place, at int64) (out []leaktest.Flow) {
		for i := range 40 {
			if (p.N*7+i)%3 == 0 {
				out = append(out, opaqueTo("", fmt.Sprintf("h%d.domain%d.example", i, i%7), at+int64(i)))
			}
		}
		return out
	})
	dir := os.DirFS(b.Write(t))
	var first []byte
	for range 20 {
		v, err := leak.Judge(dir)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := v.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = raw
		}
		if !bytes.Equal(first, raw) {
			t.Fatal("judged again, it has other bytes")
		}
		if _, err := leak.ParseVerdicts(raw); err != nil {
			t.Fatal(err)
		}
	}
}
