package apps

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

var (
	miBrowser = Intent{Component: "com.android.browser/.BrowserActivity"}
	chrome    = Intent{Component: "com.android.chrome/com.google.android.apps.chrome.Main"}
)

func quiet() personality.Personality {
	p := personality.Leaky2020()
	p.Leaks = nil
	return p
}

func TestConsentComesOnceAndKeepsTheAddressForLater(t *testing.T) {
	r := newRig(t, quiet())
	r.start(t, Intent{Action: ActionView, Data: "https://duckduckgo.com/?q=later", Package: "com.android.browser"})
	if r.find("url") != nil {
		t.Fatal("a page before the consent")
	}
	r.tap(t, "Agree")
	r.eventually(t, "the page that was asked for before", func() bool { return r.shows("later") })
	r.ForceStop("com.android.browser")
	r.start(t, miBrowser)
	if r.find("Agree") != nil {
		t.Error("asked again")
	}
	r.Clear("com.android.browser")
	r.start(t, miBrowser)
	if r.find("Agree") == nil {
		t.Error("after clearing its data an app asks again")
	}
}

func TestPrivateModeShowsItsMarkerOnEveryScreenAndOnlyThere(t *testing.T) {
	clean := personality.Clean()
	for _, c := range []struct {
		name                            string
		kind                            personality.Personality
		in                              Intent
		agree, menu, item, badge, leave string
		box, field                      string
	}{
		{"Mi Browser", quiet(), miBrowser, "Agree", "action_menu", "New incognito tab", "incognito_label", "Exit incognito", "b4h", "url"},
		{"Chrome", clean, chrome, "terms_accept", "menu_button", "New Incognito tab", "incognito_badge", "Close Incognito tabs", "search_box_text", "url_bar"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.kind)
			r.start(t, c.in)
			r.tap(t, c.agree)
			for _, private := range []bool{false, true} {
				if private {
					r.tap(t, c.menu)
					r.tap(t, c.item)
				}
				marked := func(where string) {
					if (r.find(c.badge) != nil) != private {
						t.Errorf("%s, private %v: marker %v", where, private, r.find(c.badge))
					}
				}
				marked("start page")
				r.tap(t, c.box)
				marked("while typing")
				if !r.Type("grey seal") {
					t.Fatal("the field has no focus")
				}
				if got := r.view(t, c.field).Text; got != "grey seal" {
					t.Fatalf("field holds %q", got)
				}
				r.Key(KeyEnter)
				r.eventually(t, "the result page", func() bool {
					return r.find(c.field) != nil && strings.Contains(r.find(c.field).Text, "grey+seal") && r.find("Loading") == nil
				})
				marked("page")
				if secure := r.Frame().Focus().Secure; secure != (private && c.name == "Chrome") {
					t.Errorf("secure %v", secure)
				}
			}
			r.tap(t, c.menu)
			r.tap(t, c.leave)
			if r.find(c.badge) != nil {
				t.Error("still private after leaving")
			}
		})
	}
}

func TestPrivateTabByIntent(t *testing.T) {
	r := newRig(t, personality.Clean())
	r.start(t, chrome)
	r.tap(t, "terms_accept")
	r.start(t, Intent{Action: "org.chromium.chrome.browser.incognito.OPEN_PRIVATE_TAB", Package: "com.android.chrome"})
	if r.find("incognito_badge") == nil || !r.Type("x") {
		t.Error("no private tab with the focus in its field")
	}
	mi := newRig(t, quiet())
	var failure *Failure
	if _, err := mi.Start(Intent{Action: "org.chromium.chrome.browser.incognito.OPEN_PRIVATE_TAB", Package: "com.android.browser"}); !errors.As(err, &failure) {
		t.Errorf("the Mi Browser has no such action: %v", err)
	}
}

func TestPagesAndProblems(t *testing.T) {
	r := newRig(t, quiet())
	r.start(t, miBrowser)
	r.tap(t, "Agree")
	for _, c := range []struct{ typed, want string }{
		{"https://no.such.host.test/x", "This site can&apos;t be reached"}, {"nowhere.invalid", "No internet"}, {"grey seal", "grey+seal"},
		{"duckduckgo.com/?q=direct", "q=direct"},
	} {
		r.start(t, miBrowser)
		if r.find("b4h") != nil {
			r.tap(t, "b4h")
		} else {
			r.tap(t, "url")
		}
		r.Type(c.typed)
		r.Key(KeyEnter)
		want := strings.ReplaceAll(c.want, "&apos;", "'")
		r.eventually(t, c.typed+" shows "+want, func() bool { return r.find("Loading") == nil && r.shows(want) })
	}
	// A root that the phone does not have: the warning, not the page.
	other, err := internet.Start(internet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	r.System.roots = poolOf(t, other.RootPEM())
	r.ForceStop("com.android.browser")
	r.start(t, Intent{Action: ActionView, Data: "https://duckduckgo.com/", Package: "com.android.browser"})
	r.eventually(t, "the warning", func() bool {
		return r.shows("Your connection is not private") && r.shows("NET::ERR_CERT_AUTHORITY_INVALID")
	})
	// A proxy that is gone: no page, and no way around it.
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := closed.Addr().String()
	closed.Close()
	r.System.phone.Settings.Put("global", "http_proxy", addr)
	r.start(t, Intent{Action: ActionView, Data: "https://duckduckgo.com/?q=x", Package: "com.android.browser"})
	r.eventually(t, "no internet", func() bool { return r.shows("No internet") })
}

func TestAddressOrWords(t *testing.T) {
	for _, c := range []struct {
		text, want string
		ok         bool
	}{
		{"example.com", "https://example.com", true}, {"example.com/a?b=c d", "", false}, {"http://x/", "http://x/", true},
		{"two words", "", false}, {"word", "", false}, {"a.b c.d", "", false}, {".", "", false}, {"host:80/x", "", false},
		{"sub.example.com:8443/p", "https://sub.example.com:8443/p", true},
	} {
		if got, ok := asURL(c.text); got != c.want || ok != c.ok {
			t.Errorf("%q: %q %v", c.text, got, ok)
		}
	}
}

func TestReadablePages(t *testing.T) {
	for _, c := range []struct {
		name, kind, body, title, text string
	}{
		{"a page", "text/html", "<title>T &amp; t</title><h1>Head</h1><p>a <b>b</b> c<p>d", "T & t", "Head|a b c|d"},
		{"scripts are not read", "text/html", "<script>secret()</script><style>x</style><p>seen", "", "seen"},
		{"fields show their values", "text/html", `<input name=q value="grey seal"><input type=hidden value=h><p>x`, "", "grey seal|x"},
		{"plain text", "text/plain", "a\nb", "", "a\nb"},
		{"a picture", "image/png", "\x89PNG", "", "image/png"},
		{"unclosed", "text/html", "<p>a<script>", "", "a"},
	} {
		title, blocks, _ := readable([]byte(c.body), c.kind)
		if got := strings.Join(blocks, "|"); title != c.title || got != c.text {
			t.Errorf("%s: %q %q", c.name, title, got)
		}
	}
}

func FuzzReadable(f *testing.F) {
	f.Add([]byte("<p>a<b>c<input value=\xff><title>x"), "text/html")
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		title, blocks, _ := readable(body, kind)
		if len(title) > maxBlockBytes || len(blocks) > maxBlocks {
			t.Errorf("%d bytes of title, %d blocks", len(title), len(blocks))
		}
	})
}
