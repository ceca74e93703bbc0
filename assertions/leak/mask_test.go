package leak

import (
	"strings"
	"testing"
)

func TestMaskText(t *testing.T) {
	m := newMasker([]Secret{
		{ID: "android_id", Role: SecretIdentifier, Value: "9f3c0a7be1d24c58"},
		{ID: "mac", Role: SecretIdentifier, Value: "02:1A:7d:3c:99:f0"},
		{ID: "short", Role: SecretIdentifier, Value: "abc"},
		{ID: "c1", Role: SecretCanary, Value: "quokka gantry"},
	})
	id, mac := m.show("android_id", "9f3c0a7be1d24c58"), m.show("mac", "02:1A:7d:3c:99:f0")
	if !strings.HasSuffix(id, "..4c58") || !strings.HasSuffix(mac, "..99f0") {
		t.Fatalf("%s and %s", id, mac)
	}
	for name, c := range map[string]struct{ in, want string }{
		"alone":                      {"9f3c0a7be1d24c58", id},
		"inside":                     {"id=9F3C0A7BE1D24C58&x", "id=" + id + "&x"},
		"twice":                      {"9f3c0a7be1d24c58,9f3c0a7be1d24c58", id + "," + id},
		"other separators":           {"[02-1a-7D-3c-99-f0]", "[" + mac + "]"},
		"no separators":              {"[021a7d3c99f0]", "[" + mac + "]"},
		"cut at the start":           {"a7be1d24c58 rest", id + " rest"},
		"cut at the end":             {"rest 9f3c0a7b", "rest " + id},
		"a preview cut at the start": {"…a7be1d24c58 rest", "…" + id + " rest"},
		"a preview cut at the end":   {"rest 9f3c0a7b…", "rest " + id + "…"},
		"a preview cut at both ends": {"…e1d24c58 x 9f3c0a7…", "…" + id + " x " + id + "…"},
		"a short piece":              {"24c58 rest 9f3c0", "24c58 rest 9f3c0"},
		"a near miss":                {"9f3c0a7be1d24c59", "9f3c0a7be1d24c59"},
		"too short a value":          {"abc", "abc"},
		"a canary":                   {"quokka gantry", "quokka gantry"},
		"controls":                   {"\x1b9f3c0a7be1d24c58\x00", `\x1b` + id + `\x00`},
		"nothing":                    {"", ""},
	} {
		if got := m.text(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("id 9f3c0a7be1d24c58", "9f3c0a7be1d24c58")
	f.Add("02-1a-7d", "02:1a:7d")
	f.Add("aaaaaaaaaaaaa", "aaaaaaa")
	f.Add("…aaaaaaaa…", "…aaaaaaaa")
	f.Add("\x000000", "000000")
	f.Fuzz(func(t *testing.T, text, value string) {
		m := newMasker([]Secret{{ID: "x", Role: SecretIdentifier, Value: value}})
		got := text // before controls in it are spelt out: their digits are nobody's
		for _, v := range m.known {
			got = v.replace(got)
		}
		form, _ := project(value)
		shown, _ := project(m.show("x", value))
		if len(form) < minMasked || strings.Contains(shown, form) {
			return
		}
		if rest, _ := project(strings.ReplaceAll(got, m.show("x", value), "|")); strings.Contains(rest, form) && !strings.Contains(form, "x") {
			t.Fatalf("%q still holds %q: %q", text, value, got)
		}
	})
}
