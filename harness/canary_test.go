package harness

import (
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
)

func TestMintIsBoundToItsRun(t *testing.T) {
	key := leak.Key{Phone: "p", Browser: "b", Scenario: "s", Variant: "v"}
	m := Mint{Seed: "one"}
	if m.Text(key, "query", 1) != m.Text(key, "query", 1) {
		t.Fatal("the same seed and place give two values: a capture could not be bound to its run")
	}
	seen := map[string]bool{}
	other := key
	other.Browser = "c"
	for _, v := range []string{
		m.Text(key, "query", 1), m.Text(key, "query", 2), m.Text(key, "page", 1), m.Text(other, "query", 1), Mint{Seed: "two"}.Text(key, "query", 1),
	} {
		if seen[v] {
			t.Fatalf("%q twice", v)
		}
		seen[v] = true
		parts := strings.Fields(v)
		if len(parts) != 3 || parts[0] == parts[1] || len(parts[2]) != 8 {
			t.Fatalf("%q is not two words and eight digits", v)
		}
	}
}

func TestWordsAreTheirOwnTokens(t *testing.T) {
	for i, a := range words {
		for j, b := range words {
			if i != j && strings.HasPrefix(b, a) {
				t.Errorf("%q begins with %q: a near miss would look like a part", b, a)
			}
		}
	}
}
