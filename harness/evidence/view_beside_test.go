package evidence

import (
	"fmt"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

const alone = "No identifier was found in the same upload."

// besideOf gives the part of a report that tells of the first upload with a finding.
func besideOf(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<div class="find">`)
	if !ok {
		t.Fatal("the report shows no finding")
	}
	part, _, _ := strings.Cut(rest, "</div>\n")
	return part
}

// "We anonymise": an upload that says what was done says with which identifiers, and one on the same connection counts.
func TestReportTellsIdentityBesideBehaviour(t *testing.T) {
	const did = `{"url":"https://duckduckgo.com/?q=` + leaktest.Query + `"`
	for _, tt := range []struct {
		name, target, body string
		next               string // another upload of the app, with the Android ID, to this address; empty for none
		conn               int64  // its connection, and the finding's is 7
		want               []string
		not                []string
	}{
		{name: "in the same upload", target: "https://sa.example/sa", body: did + `,"uid":"` + leaktest.AndroidID + `"}`,
			want: []string{"It did not travel alone.", "<li>android_id, at body &gt; json $.uid</li>"}, not: []string{alone, "On the same connection"}},
		{name: "in the address of the same request", target: "https://sa.example/sa?aid=" + leaktest.AndroidID, body: did + `}`,
			want: []string{"It did not travel alone.", "<li>android_id, at "}, not: []string{alone}},
		{name: "in another request of the same connection", target: "https://sa.example/sa", body: did + `}`, next: "https://sa.example/device", conn: 7,
			want: []string{alone, "On the same connection, in other flows:", "<li>android_id, at body &gt; json $.uid, in flow 5</li>"}, not: []string{"did not travel alone"}},
		{name: "to the same host on another connection", target: "https://sa.example/sa", body: did + `}`, next: "https://sa.example/device", conn: 8,
			want: []string{alone}, not: []string{"did not travel alone", "On the same connection"}},
		{name: "to another host by the same connection to the proxy", target: "http://sa.example/sa", body: did + `}`, next: "http://other.example/device", conn: 7,
			want: []string{alone, "none: whoever was on the way could read it"}, not: []string{"did not travel alone", "On the same connection"}},
		{name: "nowhere", target: "https://sa.example/sa", body: did + `}`, want: []string{alone}, not: []string{"did not travel alone", "whoever was on the way"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := leaktest.Clean()
			leak := leaktest.Post(leaktest.Browser, tt.target, 22_000_000, tt.body)
			leak.Conn = 7
			b.Phones[0].AddFlow(leak)
			if tt.next != "" {
				other := leaktest.Post(leaktest.Browser, tt.next, 23_000_000, `{"uid":"`+leaktest.AndroidID+`"}`)
				other.Conn = tt.conn
				b.Phones[0].AddFlow(other)
			}
			all := page(t, closed(t, b))
			part := besideOf(t, all)
			for _, s := range tt.want {
				if !strings.Contains(part, s) {
					t.Errorf("it does not say %q:\n%s", s, part)
				}
			}
			for _, s := range tt.not {
				if strings.Contains(part, s) {
					t.Errorf("it says %q:\n%s", s, part)
				}
			}
			row := `data-claim="together with">android_id</td>`
			if got, want := strings.Contains(all, row), len(tt.want) > 1 && strings.Contains(strings.Join(tt.want, ""), "android_id"); got != want {
				t.Errorf("the table of leaks names the identifier: %v, want %v", got, want)
			}
			if strings.Contains(all, leaktest.AndroidID) {
				t.Error("the report shows a raw identifier")
			}
		})
	}
}

// A UUID that nobody named, and that outlived a restart, is named with what it outlived and never with its value.
func TestReportTellsALearnedIdentifierBesideBehaviour(t *testing.T) {
	uuids := map[string]string{"p1": "5e4f0b6a-1c9d-4e27-8f3b-90d2a7c61e58", "p2": "c07d92e1-6b3f-4a85-9d14-3f8e5b2a7c60"}
	b := leaktest.Visited([]string{"p1", "p2"}, 3, func(phone string, n int) string {
		return fmt.Sprintf(`{"distinct_id":%q,"q":"plinth sextant 5b%d1ce0f"}`, uuids[phone], n)
	})
	all := page(t, closed(t, b))
	part := besideOf(t, all)
	if !strings.Contains(part, "It did not travel alone.") || !strings.Contains(part, "<li>learned:distinct_id#") || !strings.Contains(part, "restart") {
		t.Errorf("it does not name the identifier:\n%s", part)
	}
	if strings.Contains(all, uuids["p1"]) || strings.Contains(all, uuids["p2"]) {
		t.Error("the report shows a raw identifier")
	}
}
