package leak_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// A URL canary whose host everybody knows, and one whose host was made up for it: what counts of each.
func TestHostOfAURLCanary(t *testing.T) {
	const known, minted = "https://duckduckgo.com/page-4f1c8a9e", "https://c-4f1c8a9e.site.example/start-here"
	referer := func(v string) func(*leaktest.Flow) {
		return func(f *leaktest.Flow) {
			f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Referer", Value: v}, flow.Header{Name: "Origin", Value: strings.TrimSuffix(v, "/")})
		}
	}
	body := func(v string) func(*leaktest.Flow) {
		return func(f *leaktest.Flow) { f.Body = []byte(v); f.Request.Method = "POST" }
	}
	for name, c := range map[string]struct {
		canary string
		change func(*leaktest.Flow)
		class  string // of the findings; empty for none
	}{
		"known host in Referer":       {known, referer("https://duckduckgo.com/"), ""},
		"known host in a body":        {known, body(`{"site":"duckduckgo.com"}`), ""},
		"whole URL in Referer":        {known, referer(known), leak.ClassHeader},
		"whole URL in a body":         {known, body(`{"u":"` + known + `"}`), leak.ClassExact},
		"path alone in a body":        {known, body(`{"p":"/page-4f1c8a9e"}`), leak.ClassPart},
		"minted host in Referer":      {minted, referer("https://c-4f1c8a9e.site.example/"), leak.ClassPart},
		"minted host in a body":       {minted, body(`{"site":"c-4f1c8a9e.site.example"}`), leak.ClassPart},
		"look-alike of a minted host": {minted, body(`{"site":"c-4f1c8a9e.site.example.net"}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			p := b.Phone(leaktest.PhoneID)
			p.Secrets[2].Kind, p.Secrets[2].Value = leak.ValueURL, c.canary
			if c.canary == minted {
				p.Secrets[2].Recipient = "c-4f1c8a9e.site.example"
			}
			p.Attempt("search").Postcondition.Need = false
			f := leaktest.Get(leaktest.Browser, "https://cdn.third.example/x.js", 22*s)
			c.change(&f)
			p.AddFlow(f)
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			if (len(got.Findings) > 0) != (c.class != "") {
				t.Fatalf("findings %+v", got.Findings)
			}
			for _, f := range got.Findings {
				if f.Class != c.class {
					t.Errorf("class %s, want %s", f.Class, c.class)
				}
			}
		})
	}
}

// Two canaries on one host say nothing about each other by that host.
func TestSharedHostIsNotMinted(t *testing.T) {
	b := leaktest.Clean()
	p := b.Phone(leaktest.PhoneID)
	other := p.Secrets[2]
	p.Secrets[2].Kind, p.Secrets[2].Value = leak.ValueURL, "https://pages.example/one-4f1c8a9e"
	other.ID, other.Kind, other.Value = "c2", leak.ValueURL, "https://pages.example/two-77aa01bc"
	other.Key.Scenario = "visit"
	p.Secrets = append(p.Secrets, other)
	p.Attempt("search").Postcondition.Need = false
	p.AddFlow(leaktest.Post(leaktest.Browser, "https://sa.example/sa", 22*s, `{"site":"pages.example"}`))
	if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent); got.Outcome != leak.Clean {
		t.Errorf("%+v", got)
	}
}

func TestFindingSaysWhenItArrived(t *testing.T) {
	for name, c := range map[string]struct {
		at      int64
		attempt int64
		late    bool
	}{
		"in its window":     {22 * s, 2, false},
		"in another window": {32 * s, 3, true},
		"in the drain":      {42 * s, 4, true},
		"between windows":   {29*s + s/2, 0, true},
		"after everything":  {99 * s, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			b.Phones[0].AddFlow(leaktest.Post(leaktest.Browser, "https://sa.example/sa", c.at, `{"id":"`+leaktest.AndroidID+`","q":"`+leaktest.Query+`"}`))
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			if len(got.Findings) != 1 {
				t.Fatalf("%d findings", len(got.Findings))
			}
			f := got.Findings[0]
			if f.Attempt != c.attempt || f.Late != c.late || f.Canary != leaktest.QueryID || f.Flow != 4 {
				t.Errorf("%+v", f)
			}
			if diff := cmp.Diff([]string{"android_id"}, f.Identity); diff != "" {
				t.Errorf("identity: %s", diff)
			}
		})
	}
}

// A leak of the control canary has a cell of its own, though the plan has none for it.
func TestControlCanaryLeaks(t *testing.T) {
	b := leaktest.Clean()
	b.PhonePolicy(leaktest.PhoneID).Repeat = 2
	b.Phones[0].AddFlow(leaktest.Post(leaktest.Browser, "https://sa.example/sa", 12*s, `{"url":"https://control.telltale.test/thimble-okapi-77aa01bc"}`))
	v := judge(t, b)
	if v.Outcome != leak.Leaked || len(v.Cells) != 3 {
		t.Fatalf("%s with %d cells", v.Outcome, len(v.Cells))
	}
	i := slices.IndexFunc(v.Cells, func(c leak.CellVerdict) bool { return c.Scenario == leak.ControlScenario })
	if i >= 0 && len(v.Cells[i].Claims[leak.ClaimContent].Reasons) > 0 {
		t.Errorf("a control is made once: %+v", v.Cells[i].Claims)
	}
	if i < 0 || v.Cells[i].Outcome != leak.Leaked || v.Cells[i].Browser != leaktest.BrowserID {
		t.Errorf("%+v", v.Cells)
	}
	if v := judge(t, leaktest.Clean()); len(v.Cells) != 2 {
		t.Errorf("without a leak there are %d cells", len(v.Cells))
	}
}

func TestIdentity(t *testing.T) {
	outcome := func(t *testing.T, b *leaktest.Bundle, app string) (leak.Identity, bool) {
		t.Helper()
		v := judge(t, b)
		for _, id := range v.Identity {
			if id.App == app {
				return id, true
			}
		}
		return leak.Identity{}, false
	}
	t.Run("none sent", func(t *testing.T) {
		id, ok := outcome(t, leaktest.Clean(), leaktest.Analytics)
		if !ok || id.Outcome != leak.Clean || len(id.Findings) > 0 {
			t.Errorf("%+v", id)
		}
	})
	t.Run("sent", func(t *testing.T) {
		b := leaktest.Clean()
		b.Phones[0].AddFlow(leaktest.Post(leaktest.Analytics, "https://sa.example/id", 32*s, `{"id":"`+leaktest.AndroidID+`"}`))
		id, ok := outcome(t, b, leaktest.Analytics)
		if !ok || id.Outcome != leak.Leaked || len(id.Findings) != 1 || id.Findings[0].Canary != "android_id" || id.Findings[0].Attempt != 3 {
			t.Errorf("%+v", id)
		}
		if v := judge(t, b); v.Outcome != leak.Clean {
			t.Errorf("it decides the run: %s", v.Outcome)
		}
	})
	t.Run("app that sent nothing", func(t *testing.T) {
		if id, ok := outcome(t, leaktest.Clean(), leaktest.Settings); ok {
			t.Errorf("%+v", id)
		}
	})
	t.Run("unreadable", func(t *testing.T) {
		b := leaktest.Clean()
		b.Phones[0].AddFlow(leaktest.Tunnel(leaktest.Analytics, "x.example", 443, flow.ClassPinned, 32*s))
		if id, _ := outcome(t, b, leaktest.Analytics); id.Outcome != leak.Inconclusive {
			t.Errorf("%+v", id)
		}
	})
	t.Run("nothing known to look for", func(t *testing.T) {
		b := leaktest.Clean()
		b.Phones[0].Secrets = b.Phones[0].Secrets[1:]
		if id, _ := outcome(t, b, leaktest.Analytics); id.Outcome != leak.Inconclusive {
			t.Errorf("%+v", id)
		}
	})
}

// Identifiers are shown by name, keyed hash and last four characters, however they are spelled and wherever they stand.
func TestIdentifiersAreMasked(t *testing.T) {
	b := leaktest.Clean()
	p := b.Phones[0]
	p.Secrets = append(p.Secrets,
		leak.Secret{Schema: 1, ID: "wifi_mac", Role: leak.SecretIdentifier, Kind: leak.ValueID, Value: "02:1A:7d:3c:99:f0", Key: leak.Key{Phone: leaktest.PhoneID}},
		leak.Secret{Schema: 1, ID: "imei", Role: leak.SecretIdentifier, Kind: leak.ValueNumber, Value: "356938035643809", Key: leak.Key{Phone: leaktest.PhoneID}})
	p.AddFlow(leaktest.Post(leaktest.Browser, "https://sa.example/sa", 22*s,
		`{"9f3c0a7be1d24c58":"`+leaktest.AndroidID+" "+leaktest.Query+` 021A7D3C99F0","i":"356938035643809 `+leaktest.Query+` 02-1a-7d-3c-99-f0"}`))
	p.Attempt("settings").Postcondition = leak.Postcondition{What: "the page", Got: "IMEI 356938035643809"}
	v := judge(t, b)
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ToLower(string(raw))
	for _, secret := range []string{leaktest.AndroidID, "9f3c0a7b", "356938035643", "021a7d3c", "02:1a:7d", "02-1a-7d"} {
		if strings.Contains(text, secret) {
			t.Errorf("the verdicts hold %q\n%s", secret, text)
		}
	}
	if !strings.Contains(text, "imei#") || !strings.Contains(text, "..3809") {
		t.Errorf("and no mask stands there: %s", text)
	}
}

// The mask of an identifier cannot be guessed from the verdicts alone, and differs between runs.
func TestMaskIsKeyed(t *testing.T) {
	identity := func(seed string) string {
		b := leaktest.Clean()
		b.Phones[0].Secrets[2].Label = seed
		b.Phones[0].Secrets[1].Value += seed
		b.Phones[0].AddFlow(leaktest.Post(leaktest.Analytics, "https://sa.example/id", 32*s, `{"id":"`+leaktest.AndroidID+`"}`))
		for _, id := range judge(t, b).Identity {
			if len(id.Findings) > 0 {
				return id.Findings[0].SHA256
			}
		}
		t.Fatal("no finding")
		return ""
	}
	one, two := identity("one"), identity("two")
	if one == two || len(one) != 64 {
		t.Errorf("%s and %s", one, two)
	}
}

// The provisional verdict of one phone speaks of the cells that have an attempt, and does not wait for the end of the run.
func TestJudgePhone(t *testing.T) {
	b := leaktest.Clean()
	p := b.Phones[0]
	p.Lines, p.Open = p.Lines[:1], true
	p.Attempts = p.Attempts[:2] // control and search are done, settings is to come
	p.AddFlow(leaktest.Tunnel(leaktest.Browser, "odd.example", 443, flow.ClassNotTLS, 28*s))
	v, err := leak.JudgePhone(os.DirFS(b.Write(t)), leaktest.PhoneID)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Cells) != 1 || v.Cells[0].Key != leaktest.SearchKey {
		t.Fatalf("cells %+v", v.Cells)
	}
	o, ok := v.Observe(leaktest.SearchKey)
	if !ok {
		t.Fatal("no observation")
	}
	c, ok := o.Claim(leak.ClaimContent)
	if !ok || c.Outcome != leak.Inconclusive || len(c.Reasons) != 1 || c.Reasons[0].Code != leak.CodeOpaqueFlow {
		t.Errorf("%+v", c)
	}
	want := []leak.Contact{
		{Host: leaktest.Search, Port: 443, App: leaktest.Browser, Flows: 1, Answered: 1, First: 2},
		{Host: "odd.example", Port: 443, App: leaktest.Browser, Flows: 1, Unread: 1, First: 4},
	}
	if diff := cmp.Diff(want, o.Contacts); diff != "" {
		t.Errorf("contacts (-want +got)\n%s", diff)
	}
	if _, ok := v.Observe(leaktest.SettingsKey); ok {
		t.Error("it speaks of a cell without an attempt")
	}
	if _, err := leak.JudgePhone(os.DirFS(b.Write(t)), "nobody"); err == nil {
		t.Error("it judges a phone that the policy does not name")
	}
}

// Provisional and final agree on a run that ended well.
func TestProvisionalAgreesWithFinal(t *testing.T) {
	for name, b := range samples() {
		dir := os.DirFS(b.Write(t))
		final, err := leak.Judge(dir)
		if err != nil {
			t.Fatal(err)
		}
		soFar, err := leak.JudgePhone(dir, leaktest.PhoneID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(final.Cells, soFar.Cells); diff != "" {
			t.Errorf("%s (-final +provisional)\n%s", name, diff)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		v    leak.Verdicts
		want int
	}{
		"clean":                     {leak.Verdicts{Outcome: leak.Clean, Complete: true}, 0},
		"leaked":                    {leak.Verdicts{Outcome: leak.Leaked, Complete: true}, 3},
		"leaked and incomplete":     {leak.Verdicts{Outcome: leak.Leaked}, 3},
		"inconclusive":              {leak.Verdicts{Outcome: leak.Inconclusive, Complete: true}, 4},
		"inconclusive, incomplete":  {leak.Verdicts{Outcome: leak.Inconclusive}, 5},
		"clean so far, incomplete":  {leak.Verdicts{Outcome: leak.Clean}, 5},
		"no outcome and incomplete": {leak.Verdicts{}, 5},
	} {
		if got := c.v.ExitCode(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	order := []int{6, 3, 130, 1, 5, 4, 0}
	for i, a := range order {
		for j, b := range order {
			if got, want := leak.WorseExit(a, b), order[min(i, j)]; got != want {
				t.Errorf("of %d and %d, %d outweighs, want %d", a, b, got, want)
			}
		}
	}
}

// What a run with nothing in it says.
func TestNothingIsNotClean(t *testing.T) {
	b := leaktest.Clean()
	b.Plan.Cells, b.Phones = []leak.Cell{}, nil
	if v := judge(t, b); v.Outcome != leak.Inconclusive || v.Complete {
		t.Errorf("%+v", v)
	}
}

// Integers that a double cannot hold are strings in the canonical form, and come back whole.
func TestCanonicalIntegers(t *testing.T) {
	for n, want := range map[int64]string{
		1 << 53: `"bytes":9007199254740992`, 1<<53 + 1: `"bytes":"9007199254740993"`,
		-(1<<53 + 1): `"bytes":"-9007199254740993"`, 9223372036854775807: `"bytes":"9223372036854775807"`,
	} {
		v := leak.Verdicts{Schema: 1, Kind: leak.KindUSB, Outcome: leak.Clean, Cells: []leak.CellVerdict{{Coverage: leak.Coverage{Bytes: n}}}, Identity: []leak.Identity{}}
		raw, err := v.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(raw), want) {
			t.Errorf("%d: %s", n, raw)
		}
		back, err := leak.ParseVerdicts(raw)
		if err != nil || back.Cells[0].Coverage.Bytes != n {
			t.Errorf("%d came back as %+v, %v", n, back, err)
		}
	}
}
