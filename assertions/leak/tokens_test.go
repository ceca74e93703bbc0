package leak_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"net/url"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// A value that could be a short ciphertext is counted where it could hold something of the action, and changes no verdict: not one that
// opens, nor one that is in other windows too, goes to the recipient, or is sent by an app out of scope.
func TestTokens(t *testing.T) {
	sum := sha256.Sum256([]byte("a key, and quokka gantry"))
	sealed, session := hex.EncodeToString(sum[:]), hex.EncodeToString(sum[:16])
	const to = "https://collector.example/e?"
	for name, c := range map[string]struct {
		app, target string
		again       bool // in the next window too
		want        int
	}{
		"hex":                  {leaktest.Browser, to + "t=" + sealed, false, 1},
		"hex of 16 bytes":      {leaktest.Browser, to + "t=" + session, false, 1},
		"a UUID":               {leaktest.Browser, to + "t=3b9d21ec-9def-4cf9-a173-18d011ce1e57", false, 1},
		"base64":               {leaktest.Browser, to + "t=" + base64.URLEncoding.EncodeToString(sum[:]), false, 1},
		"base64 with pluses":   {leaktest.Browser, to + "t=" + url.QueryEscape("a+Bz9+Qx7zLm9TgH2KpB4sVd8NwErYqU"), false, 1},
		"an unknown app's":     {"", to + "t=" + sealed, false, 1},
		"two":                  {leaktest.Browser, to + "t=" + sealed + "&u=" + session, false, 2},
		"in two windows":       {leaktest.Browser, to + "t=" + sealed, true, 0},
		"what opens":           {leaktest.Browser, to + "t=" + base64.URLEncoding.EncodeToString([]byte(`{"event":"start","Model":"Redmi 8"}`)), false, 0},
		"too short":            {leaktest.Browser, to + "t=" + sealed[:28], false, 0},
		"words":                {leaktest.Browser, to + "t=ThisIsASentenceWithoutAnyBlanks42", false, 1}, // rather one too many
		"to the recipient":     {leaktest.Browser, "https://duckduckgo.com/?q=x&vqd=" + sealed, false, 0},
		"another app's":        {leaktest.Analytics, to + "t=" + sealed, false, 0},
		"a version and a path": {leaktest.Browser, "https://collector.example/Assets/V20261121/Index.html?v=11.4.3-gn-20200312", false, 0},
	} {
		b := leaktest.Clean()
		p := b.Phone(leaktest.PhoneID)
		p.AddFlow(leaktest.Get(c.app, c.target, p.Attempt("search").Window.Start+500_000))
		if c.again {
			p.AddFlow(leaktest.Get(c.app, c.target, p.Attempt("settings").Window.Start+500_000))
		}
		for _, cell := range judge(t, b).Cells {
			if cell.Key != leaktest.SearchKey {
				continue
			}
			if cell.Coverage.Tokens != c.want || cell.Outcome != leak.Clean {
				t.Errorf("%s: %d tokens, %s, want %d", name, cell.Coverage.Tokens, cell.Outcome, c.want)
			}
		}
	}
}

// Of many random bytes, some stand in a row like letters: they are counted nevertheless.
func TestTokensByChance(t *testing.T) {
	const many, size = 200, 400
	random := rand.New(rand.NewPCG(1, 2))
	b := leaktest.Clean()
	p := b.Phone(leaktest.PhoneID)
	for i := range many {
		raw := make([]byte, size)
		for j := range raw {
			raw[j] = byte(random.Uint32())
		}
		f := leaktest.Get(leaktest.Browser, "https://collector.example/e", p.Attempt("search").Window.Start+500_000+int64(i))
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "X-Sealed", Value: base64.StdEncoding.EncodeToString(raw)})
		p.AddFlow(f)
	}
	for _, cell := range judge(t, b).Cells {
		if cell.Key == leaktest.SearchKey && cell.Coverage.Tokens != many {
			t.Errorf("%d tokens, want %d", cell.Coverage.Tokens, many)
		}
	}
}
