package action

import (
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/adb/ui"
)

// screen is a dump of these nodes, each `package|class|text|focused`.
func screen(t *testing.T, nodes ...string) *ui.Tree {
	t.Helper()
	var b strings.Builder
	b.WriteString(`<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation="0">`)
	for _, n := range nodes {
		f := strings.Split(n, "|")
		b.WriteString(`<node package="` + f[0] + `" class="` + f[1] + `" text="` + f[2] + `" focused="` + f[3] + `" bounds="[0,0][100,100]" enabled="true" />`)
	}
	b.WriteString(`</hierarchy>`)
	tree, err := ui.Parse([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestAPageIsNotWhatIsBeingTyped(t *testing.T) {
	const app, query, host = "com.android.browser", "quokka gantry 4f1c8a9e", "duckduckgo.com"
	b := Browser{App: app, SearchHost: host}
	for _, tc := range []struct {
		name string
		tree *ui.Tree
		want bool
	}{
		{"the page shows the query", screen(t, app+"|android.view.View|"+query+" at DuckDuckGo|false"), true},
		{"the address bar is on the engine", screen(t, app+"|android.widget.EditText|duckduckgo.com/?q=quokka|false"), true},
		{"still typing", screen(t, app+"|android.widget.EditText|"+query+"|true"), false},
		{"the typed text has lost the focus", screen(t, app+"|android.widget.EditText|"+query+"|false"), false},
		{"a look-alike of the engine", screen(t, app+"|android.widget.EditText|duckduckgo.com.evil.test|false"), false},
		{"another app shows it", screen(t, "com.other|android.view.View|"+query+"|false"), false},
		{"an error page", screen(t, app+"|android.view.View|No internet|false"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := b.shows(tc.tree, query, host); got != tc.want {
				t.Fatalf("it says %v", got)
			}
		})
	}
}

func TestAddressOnHost(t *testing.T) {
	for text, want := range map[string]bool{
		"www.google.com":               true,
		"https://www.google.com/x?q=1": true,
		"google.com":                   true,
		"google.com:8443/":             true,
		"google.com.evil.test":         false,
		"notgoogle.com":                false,
		"":                             false,
	} {
		if got := addressOn(text, "www.google.com"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
