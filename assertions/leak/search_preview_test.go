package leak

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A preview says where the value goes on, and cuts no character in two.
func TestPreview(t *testing.T) {
	long := strings.Repeat("x", 30)
	for name, c := range map[string]struct {
		kind, before, match, after, want string
	}{
		"the whole value":        {ValueText, "", "quokka", "", "quokka"},
		"in short surroundings":  {ValueText, "q=", "quokka", "&r=1", "q=quokka&r=1"},
		"cut before":             {ValueText, long, "quokka", "", "…" + long[:24] + "quokka"},
		"cut behind":             {ValueText, "", "quokka", long, "quokka" + long[:24] + "…"},
		"just fits":              {ValueText, long[:24], "quokka", long[:24], long[:24] + "quokka" + long[:24]},
		"wide characters":        {ValueText, strings.Repeat("é", 13), "quokka", strings.Repeat("語", 9), "…" + strings.Repeat("é", 12) + "quokka" + strings.Repeat("語", 8) + "…"},
		"half a character":       {ValueText, "a" + strings.Repeat("語", 8) + "b", "quokka", "", "…" + strings.Repeat("語", 7) + "bquokka"},
		"a match that is long":   {ValueText, "", strings.Repeat("q", 201), "z", strings.Repeat("q", 200) + "…z"},
		"an identifier":          {ValueID, "id=", "9f3c0a7be1d24c58", "&", "...4c58"},
		"continuation and match": {ValueText, strings.Repeat("\x80", 30), "quokka", strings.Repeat("\x80", 30), "…" + strings.Repeat("·", 21) + "quokka" + strings.Repeat("·", 21) + "…"},
	} {
		v := []byte(c.before + c.match + c.after)
		got := preview(c.kind, v, len(c.before), len(c.before)+len(c.match))
		if got != c.want || !utf8.ValidString(got) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
