package leak

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/telltale-farm/telltale/capture/decode"
)

// upload is what an app of a test sends: an identifier of the phone, one of the installation, one of the session, a
// constant of the SDK, a time and words.
func upload(device, install, session string, at int) decode.Sent {
	return decode.Sent{Target: "https://sa.api.example/sa", Body: fmt.Appendf(nil,
		`[{"oaid":%q,"distinct_id":%q,"session":%q,"app_key":"k-1f2e3d4c5b6a","time":17637264%05d,"v":"12.1.4","event":"AppStart2"},{"oaid":%q}]`, device, install, session, at, device)}
}

func session(phone string, index int, after []string, sent decode.Sent) Session {
	return Session{Phone: phone, Index: index, After: after, Values: CouldIdentify(sent, decode.Limits{}, "com.android.browser", "sa.api.example")}
}

func TestLearn(t *testing.T) {
	one := []Session{
		session("p1", 1, nil, upload("9f3a0b77c2d14e55", "5e77c02f-031a-4c9d", "s-81f3a2b7c4", 1)),
		session("p1", 2, []string{"restart"}, upload("9f3a0b77c2d14e55", "5e77c02f-031a-4c9d", "s-11f9a2b7c4", 2)),
		session("p1", 3, []string{"private-mode"}, upload("9f3a0b77c2d14e55", "5e77c02f-031a-4c9d", "s-22f3a2b7c4", 3)),
		session("p1", 4, []string{"app-data-reset"}, upload("9f3a0b77c2d14e55", "77aac02f-9999-4c9d", "s-33f3a2b7c4", 4)),
	}
	two := []Session{
		session("p2", 1, nil, upload("0011223344556677", "ab12c02f-031a-4c9d", "s-91f3a2b7c4", 5)),
		session("p2", 2, []string{"restart"}, upload("0011223344556677", "ab12c02f-031a-4c9d", "s-92f3a2b7c4", 6)),
	}
	tell := func(l []Learned) (out []string) {
		for _, x := range l {
			if x.App != "com.android.browser" || x.Host != "sa.api.example" {
				t.Errorf("%+v", x)
			}
			out = append(out, fmt.Sprintf("%s %s %s %v: %s", x.Phone, x.Place, x.Value, x.Sessions, x))
		}
		return out
	}
	want := []string{
		"p1 body > json $[].distinct_id 5e77c02f-031a-4c9d [1 2 3]: survived private-mode, restart; changed on app-data-reset",
		"p1 body > json $[].oaid 9f3a0b77c2d14e55 [1 2 3 4]: survived app-data-reset, private-mode, restart",
		"p2 body > json $[].distinct_id ab12c02f-031a-4c9d [1 2]: survived restart",
		"p2 body > json $[].oaid 0011223344556677 [1 2]: survived restart",
	}
	all := slices.Concat(two, one)
	if d := cmp.Diff(want, tell(Learn(all))); d != "" {
		t.Error(d)
	}
	slices.Reverse(all)
	if d := cmp.Diff(want, tell(Learn(all))); d != "" {
		t.Error("in another order:", d)
	}

	// Alone, a phone cannot tell its own name from a constant of the SDK; it says so.
	alone := tell(Learn(one))
	if len(alone) != 3 || alone[0] != "p1 body > json $[].app_key k-1f2e3d4c5b6a [1 2 3 4]: survived app-data-reset, private-mode, restart; no other phone to compare with" {
		t.Errorf("one phone: %q", alone)
	}
	if l := Learn(one[:1]); len(l) != 0 {
		t.Errorf("one session: %+v", l)
	}
}

// A session in which a place was silent does not end its value, and its event counts for the next.
func TestLearnAcrossSilence(t *testing.T) {
	l := Learn([]Session{
		session("p1", 1, nil, upload("9f3a0b77c2d14e55", "x", "y", 1)),
		session("p1", 2, []string{"reboot"}, decode.Sent{}),
		session("p1", 3, []string{"restart"}, upload("9f3a0b77c2d14e55", "x", "y", 2)),
	})
	if i := slices.IndexFunc(l, func(x Learned) bool { return x.Value == "9f3a0b77c2d14e55" }); i < 0 || !slices.Equal(l[i].Survived, []string{"reboot", "restart"}) {
		t.Errorf("%+v", l)
	}
}

func TestIdentifierShape(t *testing.T) {
	for value, want := range map[string]bool{
		"5e77c02f-031a-4c9d-a1ff-cb2a6f40023c": true, "9f3a0b77c2d14e55": true, "02:00:5e:10:ab:9f": true, "867254269213547": true, "R58M12ABCDE": true,
		"1763726400": false, "1763726400123": false, "2026-11-21T12:00:00": false, "20261121T120000": false, "12.1.4.0-stable": true, "10.0.0.123": false,
		"velvet okapi 7f3a91": false, "page_view": false, "abc123": false, "https://a.example/1234": false, "com.android.browser": false,
	} {
		if got := identifierShape([]byte(value)); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}
