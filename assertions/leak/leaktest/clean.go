package leaktest

import (
	"net/url"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
)

// What the clean bundle is made of.
const (
	PhoneID   = "phone-1"
	BrowserID = "mi"
	Browser   = "com.android.browser"
	Settings  = "com.android.settings"
	Analytics = "com.miui.analytics"
	Search    = "duckduckgo.com"
	Control   = "control.telltale.test"
	Collector = "sa.collector.example"
	Query     = "quokka gantry 4f1c8a9e"
	QueryID   = "c1"
	AndroidID = "9f3c0a7be1d24c58"
)

// The cells of the clean bundle.
var (
	SearchKey   = leak.Key{Phone: PhoneID, Browser: BrowserID, Scenario: "search", Variant: "private"}
	SettingsKey = leak.Key{Phone: PhoneID, Scenario: "settings", Variant: "default"}
	controlKey  = leak.Key{Phone: PhoneID, Browser: BrowserID, Scenario: leak.ControlScenario, Variant: "default"}
	drainKey    = leak.Key{Phone: PhoneID, Scenario: leak.DrainScenario, Variant: "default"}
)

// Windows of the clean bundle, in microseconds: each attempt has ten seconds.
const second int64 = 1_000_000

// At gives the window of the n-th attempt, from 1.
func At(n int64) flow.Window {
	return flow.Window{Start: n * 10 * second, Acted: n*10*second + second, End: n*10*second + 9*second}
}

// Clean is a run of one virtual phone on which everything held: a control, a private search, settings opened, a drain.
func Clean() *Bundle {
	b := &Bundle{
		Plan: leak.Plan{Schema: leak.Schema, Cells: []leak.Cell{
			{Key: SettingsKey, Kind: leak.KindVirtual}, {Key: SearchKey, Kind: leak.KindVirtual},
		}},
		Policy: leak.Policy{
			Schema: leak.Schema, ControlHost: Control,
			Recipients: []leak.Recipient{{ID: "duckduckgo", Hosts: []string{Search, "links.duckduckgo.test"}}},
			Phones: []leak.PhonePolicy{{
				ID: PhoneID, Kind: leak.KindVirtual, SettleMinUS: 2 * second, SettleMaxUS: 10 * second, Repeat: 1,
				Browsers: []leak.Browser{{ID: BrowserID, App: Browser}},
				Flush:    []leak.Flush{{App: Analytics, US: second}, {App: Browser, US: second}, {App: Settings, US: 0}},
				Services: []string{"com.google.android.webview"}, Accept: []leak.Accept{},
			}},
		},
	}
	p := &Phone{ID: PhoneID, Lines: []leak.Phone{phoneLine(leak.AtStart), phoneLine(leak.AtEnd)}}
	p.Secrets = []leak.Secret{
		{Schema: leak.Schema, ID: "android_id", Role: leak.SecretIdentifier, Kind: leak.ValueID, Label: "Android ID", Value: AndroidID, Key: leak.Key{Phone: PhoneID}},
		{Schema: leak.Schema, ID: "k1", Role: leak.SecretControl, Kind: leak.ValueURL, Label: "control page", Value: "https://" + Control + "/thimble-okapi-77aa01bc", Recipient: Control, Key: controlKey},
		{Schema: leak.Schema, ID: QueryID, Role: leak.SecretCanary, Kind: leak.ValueText, Label: "search query", Value: Query, Recipient: Search, Key: SearchKey},
	}
	p.Attempts = []leak.Attempt{
		attempt(1, controlKey, leak.ScopeApp, Browser, leak.ClaimContent, "k1"),
		attempt(2, SearchKey, leak.ScopeApp, Browser, leak.ClaimContent, QueryID),
		attempt(3, SettingsKey, leak.ScopePhone, "", leak.ClaimReaction),
		attempt(4, drainKey, leak.ScopePhone, "", ""),
	}
	p.Attempts[1].Postcondition.Need = true
	p.Attempts[2].Markers = []leak.Marker{{Kind: "package", Text: Settings, Own: Settings}, {Kind: "page", Text: "WifiSettingsActivity"}}
	control := Get(Browser, "https://"+Control+"/thimble-okapi-77aa01bc", 11*second)
	control.Control = true
	search := Get(Browser, "https://"+Search+"/?q="+url.QueryEscape(Query), 21*second)
	quiet := Post(Analytics, "https://"+Collector+"/beat", 31*second, `{"event":"heartbeat","n":1}`)
	p.Flows = []Flow{control, search, quiet}
	for i := range p.Attempts {
		w := &p.Attempts[i].Window
		w.First = min(int64(i)+1, 4)
		w.Last = min(int64(i)+1, 3)
	}
	b.Phones = []*Phone{p}
	return b
}

// AddFlow records one more flow, and widens the windows whose time it falls into.
func (p *Phone) AddFlow(f Flow) {
	p.Flows = append(p.Flows, f)
	for i := range p.Attempts {
		w := &p.Attempts[i].Window
		if f.Start >= w.Start && f.Start <= w.End {
			w.Last = int64(len(p.Flows))
		}
	}
}

func attempt(id int64, key leak.Key, scope leak.Scope, app string, claim leak.Claim, canaries ...string) leak.Attempt {
	a := leak.Attempt{
		Schema: leak.Schema, ID: id, Key: key, Scope: scope, App: app, Claims: []leak.Claim{}, Repeat: 1,
		Canaries: append([]string{}, canaries...), Markers: []leak.Marker{}, Window: At(id),
		Postcondition: leak.Postcondition{Seen: true, What: "the result page"},
		Tunnel:        leak.Tunnel{Before: true, After: true},
		Counters:      leak.Counters{Readable: true, Deltas: []leak.Delta{}, Sockets: []leak.Sock{}},
		Settle:        leak.Settle{Quiet: true, QuietUS: 2 * second},
	}
	if claim != "" {
		a.Claims = append(a.Claims, claim)
	}
	return a
}

func phoneLine(at string) leak.Phone {
	return leak.Phone{
		Schema: leak.Schema, At: at, ID: PhoneID, Kind: leak.KindVirtual, Personality: "test", Model: "Test Phone", Device: "test", Brand: "Telltale",
		Fingerprint: "Telltale/test/test:10/T1/1:user/test-keys", Firmware: "V1.0.0", Android: "10", SDK: 29, PatchLevel: "2020-01-01",
		Apps: []leak.App{{Package: Analytics, Version: "1.0", Code: "1", UID: 10002}, {Package: Browser, Version: "12.0", Code: "12", UID: 10001}, {Package: Settings, Version: "10", Code: "29", UID: 1000}},
	}
}

// Get is an intercepted request without a body, answered at once.
func Get(app, target string, at int64) Flow { return exchange(app, "GET", target, at, nil) }

// Post is an intercepted request with a body, answered at once.
func Post(app, target string, at int64, body string) Flow {
	return exchange(app, "POST", target, at, []byte(body))
}

func exchange(app, method, target string, at int64, body []byte) Flow {
	u, err := url.Parse(target)
	if err != nil {
		panic(err) // a literal of a test
	}
	f := Flow{Body: body, Flow: flow.Flow{
		Kind: flow.KindExchange, Conn: at, Start: at, Sent: at + 1000, End: at + 2000, App: app, AppBy: flow.ByRelay,
		Host: u.Hostname(), Port: 443, Proto: "HTTP/1.1", Intercepted: u.Scheme == "https",
		Request:  &flow.Message{Method: method, Target: target, Headers: []flow.Header{{Name: "Host", Value: u.Host}}},
		Response: &flow.Message{Status: 200}, BytesUp: int64(200 + len(body)), BytesDown: 100,
	}}
	if app == "" {
		f.AppBy = flow.ByUnknown
	}
	if u.Scheme == "http" {
		f.Port = 80
	} else {
		f.TLS = &flow.TLS{ALPN: "http/1.1", Versions: []string{"TLS 1.3", "TLS 1.2"}, Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", JA4: "t13d1516h2_8daaf6152771_e5627efa2ab1"}
		f.ServerTLS = &flow.TLS{Version: "TLS 1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}
	}
	if body != nil && strings.HasPrefix(string(body), "{") {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Content-Type", Value: "application/json"})
	}
	return f
}

// Tunnel is a connection that could not be read.
func Tunnel(app, host string, port int, class flow.Class, at int64) Flow {
	f := Flow{Flow: flow.Flow{
		Kind: flow.KindTunnel, Conn: at, Start: at, Sent: at + 1000, End: at + 2000, App: app, AppBy: flow.ByRelay,
		Host: host, Port: port, Class: class, BytesUp: 517, BytesDown: 1200,
	}}
	if app == "" {
		f.AppBy = flow.ByUnknown
	}
	return f
}
