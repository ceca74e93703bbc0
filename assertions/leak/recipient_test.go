package leak

import "testing"

func TestRecipientMatch(t *testing.T) {
	for _, c := range []struct {
		name, host string
		declared   []string
		want       bool
	}{
		{"itself", "duckduckgo.com", []string{"duckduckgo.com"}, true},
		{"case and final dot", "DuckDuckGo.com.", []string{"duckduckgo.com"}, true},
		{"other host of the domain", "links.duckduckgo.com", []string{"duckduckgo.com"}, true},
		{"declared host below the domain", "duckduckgo.com", []string{"html.duckduckgo.com"}, true},
		{"second declared host", "yandex.ru", []string{"ya.ru", "yandex.ru"}, true},
		{"suffix of two labels", "maps.google.co.uk", []string{"www.google.co.uk"}, true},
		{"address itself", "10.0.0.1", []string{"10.0.0.1"}, true},
		{"longer name that begins alike", "duckduckgo.com.evil.test", []string{"duckduckgo.com"}, false},
		{"longer name that ends alike", "notduckduckgo.com", []string{"duckduckgo.com"}, false},
		{"same public suffix only", "evil.co.uk", []string{"www.google.co.uk"}, false},
		{"shared hosting is not one party", "evil.github.io", []string{"telltale.github.io"}, false},
		{"address that ends alike", "110.0.0.1", []string{"10.0.0.1"}, false},
		{"address with the same tail", "1.10.0.1", []string{"2.10.0.1"}, false},
		{"nothing declared", "duckduckgo.com", nil, false},
		{"empty host", "", []string{""}, false},
		{"other name without a dot", "evil", []string{"localhost"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := RecipientMatch(c.host, c.declared); got != c.want {
				t.Errorf("RecipientMatch(%q, %q) = %v, want %v", c.host, c.declared, got, c.want)
			}
		})
	}
}
