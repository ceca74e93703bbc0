package leak_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// random is a UUID that stands for what a phone draws, from what it depends on.
func random(on ...any) string {
	h := hex.EncodeToString(sum(on...))
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:32]
}

func sum(on ...any) []byte {
	s := md5.Sum([]byte(fmt.Sprint(on...)))
	return s[:]
}

// installs is how often the app was installed or its data cleared before a visit.
func installs(visit int) int { return max(0, min(visit-2, 2)) }

// starts is how often the app's process was started before a visit.
func starts(visit int) int { return max(0, visit-1) }

const (
	tooFewPhones   = "too-few-phones"
	tooFewSessions = "too-few-sessions"
)

// Each value is sent by every phone at every visit in the field "id"; want is what the claim about each says of it: what it
// outlived, or why that cannot be told, or nothing.
func TestLearnedIdentifiers(t *testing.T) {
	for _, c := range []struct {
		name   string
		phones int
		visits int // of leaktest.Visits; 0 for all
		value  func(phone string, visit int) string
		want   string // of the first phone
	}{
		{"a UUID that lasts until the app is removed or cleared", 2, 0, func(p string, n int) string { return random(p, installs(n)) },
			"survived private-mode, reboot, restart; changed on app-data-reset, reinstall"},
		{"the same on one phone alone", 1, 0, func(p string, n int) string { return random(p, installs(n)) },
			"survived private-mode, reboot, restart; changed on app-data-reset, reinstall"},
		{"a UUID that outlives everything", 2, 0, func(p string, n int) string { return random(p) },
			"survived app-data-reset, private-mode, reboot, reinstall, restart"},
		{"it, as one phone alone shows it", 1, 0, func(p string, n int) string { return random(p) }, tooFewPhones},
		{"it, seen in a normal and a private tab only", 2, 2, func(p string, n int) string { return random(p) }, tooFewSessions},
		{"it, seen once", 2, 1, func(p string, n int) string { return random(p) }, tooFewSessions},
		{"hex that outlives a restart", 2, 3, func(p string, n int) string { return hex.EncodeToString(sum(p))[:16] }, "survived private-mode, restart"},
		{"15 digits", 2, 0, func(p string, n int) string {
			return "35" + fmt.Sprintf("%013d", int(sum(p)[0])*48271+7*int(sum(p)[1]))
		}, "survived app-data-reset, private-mode, reboot, reinstall, restart"},
		{"not sent in the private tab", 2, 3, func(p string, n int) string {
			if n == 1 {
				return random("private", p)
			}
			return random(p)
		}, "survived restart; changed on private-mode"},
		{"a serial number on three phones", 3, 0, func(p string, n int) string { return "R58M" + strings.ToUpper(hex.EncodeToString(sum(p))[:7]) },
			"survived app-data-reset, private-mode, reboot, reinstall, restart"},

		{"near: drawn for each visit", 2, 0, func(p string, n int) string { return random(p, n) }, ""},
		{"near: drawn when the process starts", 2, 0, func(p string, n int) string { return random(p, starts(n)) }, ""},
		{"near: a constant of the kit", 2, 0, func(p string, n int) string { return random("key of the app") }, ""},
		{"near: a constant, changed by an update in between", 2, 0, func(p string, n int) string { return random("key of the app", n/3) }, ""},
		{"near: milliseconds", 2, 0, func(p string, n int) string { return fmt.Sprint(1763726400123 + len(p)) }, ""},
		{"near: a date", 2, 0, func(p string, n int) string { return "2026-11-2" + p[len(p)-1:] + "T12:00:00" }, ""},
		{"near: a version", 2, 0, func(p string, n int) string { return "12.1.4.0-stable" + p[len(p)-1:] }, ""},
		{"near: the build's fingerprint", 2, 0, func(p string, n int) string { return "Telltale/test/test:10/T1/1:user/test-keys" }, ""},
		{"near: the size of the screen", 2, 0, func(p string, n int) string { return "1080x234" + p[len(p)-1:] }, ""},
		{"near: zeros for an identifier that may not be had", 2, 0, func(p string, n int) string { return "00000000-0000-0000-0000-00000000000" + p[len(p)-1:] }, ""},
		{"near: the arm of an experiment", 2, 0, func(p string, n int) string { return "exp_20481_arm_" + p[len(p)-1:] }, ""},
		{"near: a word", 2, 0, func(p string, n int) string { return "com.example.app" + p }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			visits := c.visits
			if visits == 0 {
				visits = len(leaktest.Visits)
			}
			b := leaktest.Visited([]string{"p1", "p2", "p3"}[:c.phones], visits, func(p string, n int) string {
				return fmt.Sprintf(`{"event":"visit","n":%d,"id":%q}`, n, c.value(p, n))
			})
			v := judge(t, b)
			if got := told(t, v, "p1"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			raw, err := v.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			if learned := c.want != "" && !strings.HasPrefix(c.want, "too-few"); learned && strings.Contains(string(raw), c.value("p1", 0)) {
				t.Error("the verdicts show a learned identifier")
			}
		})
	}
}

// told is what the identity claim about a phone's browser says of what it learned.
func told(t *testing.T, v leak.Verdicts, phone string) string {
	t.Helper()
	for _, id := range v.Identity {
		if id.Phone != phone || id.App != leaktest.Browser {
			continue
		}
		var out []string
		for _, f := range id.Findings {
			if f.Class != leak.ClassLearned || f.Canary != "learned:id" || f.Location != "body > json $.id" || f.Attempt == 0 || f.Proof == nil {
				t.Errorf("%+v", f)
			}
			out = append(out, f.Proof.String())
		}
		for _, r := range id.Reasons {
			out = append(out, string(r.Code))
		}
		want := leak.Clean
		if len(id.Findings) > 0 {
			want = leak.Leaked
		} else if len(id.Reasons) > 0 {
			want = leak.Inconclusive
		}
		if id.Outcome != want {
			t.Errorf("outcome %s with %v", id.Outcome, out)
		}
		slices.Sort(out)
		return strings.Join(slices.Compact(out), " | ")
	}
	t.Fatalf("no identity claim about %s", phone)
	return ""
}

// A batch of before a restart that is sent after it carries the old session's value; that outlived nothing.
func TestLateBatchOutlivesNothing(t *testing.T) {
	for name, body := range map[string]func(p string, n int) string{
		"in one upload": func(p string, n int) string {
			return fmt.Sprintf(`[{"id":%q},{"id":%q}]`, random(p, max(n-1, 0)), random(p, n))
		},
		"and a new one": func(p string, n int) string {
			return fmt.Sprintf("{\"id\":%q}\n{\"id\":%q}\n", random(p, max(n-1, 0)), random(p, n))
		},
	} {
		v := judge(t, leaktest.Visited([]string{"p1", "p2"}, len(leaktest.Visits), body))
		for _, id := range v.Identity {
			if len(id.Findings) > 0 {
				t.Errorf("%s: %+v", name, id.Findings)
			}
		}
	}
}

// The proof names the sessions, and the claim of a cell has what was sent in its windows.
func TestIdentityOfACell(t *testing.T) {
	v := judge(t, leaktest.Visited([]string{"p1", "p2"}, 3, func(p string, n int) string {
		if n == 1 {
			return ""
		}
		return fmt.Sprintf(`{"id":%q,"q":"plinth sextant 5b%d1ce0f"}`, random(p), n)
	}))
	for i, variant := range leaktest.Visits[:3] {
		key := leaktest.VisitKey("p1", variant)
		c := claimOf(t, v, key, leak.ClaimIdentity)
		if i == 1 {
			if c.Outcome != leak.Clean {
				t.Errorf("%s: %+v", variant, c)
			}
			continue
		}
		if len(c.Findings) != 1 || c.Outcome != leak.Leaked {
			t.Fatalf("%s: %+v", variant, c)
		}
		want := &leak.Proof{Sessions: []int{1, 3}, Survived: []string{leak.EventPrivate, leak.EventRestart}, Like: 1}
		if d := cmp.Diff(want, c.Findings[0].Proof); d != "" {
			t.Errorf("%s: %s", variant, d)
		}
		content := claimOf(t, v, key, leak.ClaimContent)
		if len(content.Findings) != 1 || !slices.Equal(content.Findings[0].Identity, []string{"learned:id"}) {
			t.Errorf("%s: what travelled together: %+v", variant, content.Findings)
		}
	}
}

// A known identifier, or a digest of one, is found under its own name; what it outlived is its proof.
func TestProofOfAKnownIdentifier(t *testing.T) {
	digest := md5.Sum([]byte(leaktest.AndroidID))
	v := judge(t, leaktest.Visited([]string{"p1"}, 4, func(string, int) string {
		return `{"did":"` + hex.EncodeToString(digest[:]) + `"}`
	}))
	if len(v.Identity) != 1 || len(v.Identity[0].Findings) != 4 {
		t.Fatalf("%+v", v.Identity)
	}
	for _, f := range v.Identity[0].Findings {
		if f.Canary != "android_id" || f.Class != leak.ClassHashed {
			t.Errorf("%+v", f)
		}
	}
	// One phone cannot tell that it is no constant, but that is known here: no reason is left.
	if len(v.Identity[0].Reasons) > 0 {
		t.Errorf("%+v", v.Identity[0].Reasons)
	}
}

// What a site that the run visits keeps in its own visitors' browsers is no identifier of the phone; what another keeps is.
func TestCookiesOfTheSite(t *testing.T) {
	for host, want := range map[string]int{leaktest.Search: 0, "links.duckduckgo.test": 0, "tracker.example": 3} {
		b := leaktest.Visited([]string{"p1", "p2"}, 3, func(string, int) string { return "" })
		for _, p := range b.Phones {
			for i := range p.Attempts[1:4] {
				f := leaktest.Get(leaktest.Browser, "https://"+host+"/t", p.Attempts[i+1].Window.Start+3)
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Cookie", Value: "uid=" + random(p.ID)})
				p.AddFlow(f)
			}
		}
		v := judge(t, b)
		got := 0
		for _, id := range v.Identity {
			if id.Phone == "p1" {
				got = len(id.Findings)
			}
		}
		if got != want {
			t.Errorf("%s: %d findings, want %d: %+v", host, got, want, v.Identity)
		}
	}
}
