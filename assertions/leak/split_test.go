package leak_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// Each case sends its bodies one after the other; a host stands before a body that goes elsewhere.
func TestCanaryInPieces(t *testing.T) {
	const other = "elsewhere.example|"
	for name, c := range map[string]struct {
		sent []string
		want leak.Outcome
	}{
		"two halves":                           {[]string{`{"a":"quokka gant"}`, `{"a":"ry 4f1c8a9e"}`}, leaked},
		"halves, the second first":             {[]string{`{"a":"ry 4f1c8a9e"}`, `{"a":"quokka gant"}`}, leaked},
		"three pieces":                         {[]string{`{"a":"quokka "}`, `{"a":"gantry 4f1"}`, `{"a":"c8a9e"}`}, leaked},
		"a word each":                          {[]string{`{"w":"quokka"}`, `{"w":"gantry"}`, `{"w":"4f1c8a9e"}`}, leaked},
		"in fields far apart":                  {[]string{`{"a":{"b":"quokka gan"},"c":[1,{"d":"try 4f1c8a9e"}]}`}, leaked},
		"halves of an address that holds it":   {[]string{`{"u":"https://duckduckgo.com/?q=quokka+gan"}`, `{"u":"try+4f1c8a9e&ia=web"}`}, leaked},
		"halves packed":                        {[]string{`{"a":"cXVva2thIGdhbnQ="}`, `{"a":"cnkgNGYxYzhhOWU="}`}, leaked},
		"halves with a host of the same party": {[]string{`{"a":"quokka gant"}`, "sa2.collector.example|" + `{"a":"ry 4f1c8a9e"}`}, leaked},
		"halves to the search engine":          {[]string{leaktest.Search + `|{"a":"quokka gant"}`, leaktest.Search + `|{"a":"ry 4f1c8a9e"}`}, clean},

		"near: one half":                     {[]string{`{"a":"quokka gant"}`}, clean},
		"near: two halves that do not meet":  {[]string{`{"a":"quokka gan"}`, `{"a":"ry 4f1c8a9e"}`}, clean},
		"near: the end of another":           {[]string{`{"a":"quokka gant"}`, `{"a":"ry 4f1c8a9f"}`}, clean},
		"near: halves to two parties":        {[]string{`{"a":"quokka gant"}`, other + `{"a":"ry 4f1c8a9e"}`}, clean},
		"near: halves inside longer words":   {[]string{`{"a":"xquokka gant"}`, `{"a":"ry 4f1c8a9ee"}`}, clean},
		"near: halves in the middle of text": {[]string{`{"a":"say quokka gant loud"}`, `{"a":"so ry 4f1c8a9e it"}`}, clean},
		"near: words alone":                  {[]string{`{"w":"quokka"}`, `{"w":"gantry"}`}, clean},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			p := b.Phone(leaktest.PhoneID)
			for i, body := range c.sent {
				host := leaktest.Collector
				if h, rest, ok := strings.Cut(body, "|"); ok {
					host, body = h, rest
				}
				p.AddFlow(leaktest.Post(leaktest.Browser, "https://"+host+"/e", 22*s+int64(i)*s/10, body))
			}
			claim := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			if claim.Outcome != c.want {
				t.Fatalf("%s, want %s: %+v", claim.Outcome, c.want, claim)
			}
			if c.want != leaked {
				return
			}
			f := claim.Findings[0]
			if len(claim.Findings) != 1 || f.Canary != leaktest.QueryID || f.Class != leak.ClassNormalised || f.Attempt != 2 || !slices.Equal(f.Transforms, []string{"pieces"}) || !strings.Contains(f.Preview, " | ") {
				t.Errorf("%+v", claim.Findings)
			}
		})
	}
}

// Whatever way it is cut in two, unless a piece is shorter than four bytes.
func TestCanaryCutAnywhere(t *testing.T) {
	for i := 1; i < len(leaktest.Query); i++ {
		b := leaktest.Clean()
		for n, half := range []string{leaktest.Query[:i], leaktest.Query[i:]} {
			b.Phone(leaktest.PhoneID).AddFlow(leaktest.Post(leaktest.Browser, "https://"+leaktest.Collector+"/e", 22*s+int64(n), fmt.Sprintf(`{"n":%d,"part":%q}`, n, half)))
		}
		want := clean
		if min(i, len(leaktest.Query)-i) >= 4 {
			want = leaked
		}
		if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent).Outcome; got != want {
			t.Errorf("cut after %q: %s, want %s", leaktest.Query[:i], got, want)
		}
	}
}
