package matrix

import (
	"context"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

const (
	chrome    = "com.android.chrome"
	miBrowser = "com.android.browser"
)

// on makes a row on a phone with Chrome that leaks nothing, with a change.
func on(name string, change func(*personality.Personality), which ...string) row {
	who := personality.Clean()
	if change != nil {
		change(&who)
	}
	return row{name: name, who: who, shipped: "clean", cells: cells(which...)}
}

// lying is on with a lie.
func lying(name string, l personality.Lie, which ...string) row {
	return on(name, func(p *personality.Personality) { p.Lies = []personality.Lie{l} }, which...)
}

// with is on with a leak.
func with(name string, l personality.Leak, which ...string) row {
	return on(name, func(p *personality.Personality) { p.Leaks = []personality.Leak{l} }, which...)
}

// leak fills in a leak of a private search.
func stream(change func(*personality.Leak)) personality.Leak {
	l := streamOf("json")
	if change != nil {
		change(&l)
	}
	return l
}

// inPart puts a row's first cell into the fixed part.
func inPart(r row) row {
	r.part = true
	return r
}

// reasonRows bring about every reason why a verdict is inconclusive, and their near misses.
func reasonRows() []row {
	three := []string{"private search", "private visit", "search"}
	var out []row
	add := func(r row) { out = append(out, r) }

	add(inPart(on("nothing wrong", nil, "private search", "private visit", "search", "visit", "open settings", "switch apps")))

	// control-missing
	add(inPart(on("a browser that trusts the system's store alone", func(p *personality.Personality) {
		p.Apps[len(p.Apps)-1].Trust = network.TrustSystem
	}, three...)))

	// opaque-flow
	add(inPart(with("pinned, by alert", stream(func(l *personality.Leak) { l.Trust, l.Tries = network.TrustPinned, 2 }), three...)))
	add(inPart(with("pinned, after the handshake", stream(func(l *personality.Leak) { l.Trust, l.Late, l.Tries = network.TrustPinned, true, 2 }), three...)))
	add(with("pinned, after the handshake, HTTP/2", stream(func(l *personality.Leak) {
		l.Trust, l.Late, l.HTTP2, l.Tries = network.TrustPinned, true, true, 2
	}), three...))
	add(with("pinned, but not of what is private", stream(func(l *personality.Leak) {
		l.Trust, l.Tries, l.Private = network.TrustPinned, 2, false
	}), "private search", "private visit"))

	// bypass
	add(inPart(with("around the proxy", stream(func(l *personality.Leak) { l.Direct = true }), three...)))
	add(with("a raw socket", stream(func(l *personality.Leak) {
		l.Encoding, l.URL = "socket:json", "tcp://raw.example-metrics.test:8883"
	}), three...))
	add(with("QUIC", stream(func(l *personality.Leak) {
		l.Encoding, l.URL = "quic", "udp://metrics.example-metrics.test:443"
	}), three...))

	// cleartext
	plain := func(p *personality.Personality) {
		for i := range p.Apps {
			if web := p.Apps[i].Web; web != nil {
				web.SearchURL = "http" + strings.TrimPrefix(web.SearchURL, "https")
			}
		}
	}
	add(inPart(on("a search engine asked without TLS", plain, "private search", "search", "private visit", "visit")))
	twice := on("a search engine asked without TLS, again", plain)
	twice.cells = thrice("private search")
	add(twice)
	engine := on("a search engine asked without TLS, and accepted", plain, "private search")
	engine.devices = func(p *profile.Phone) {
		p.Accept = []profile.Accept{{App: chrome, Host: "www.google.com", Port: 80, Why: "known"}}
	}
	add(engine)

	// truncated
	add(inPart(with("a body too long", stream(func(l *personality.Leak) { l.Filler, l.Near = 256<<10, true }), three...)))
	add(with("a body just short enough", stream(func(l *personality.Leak) { l.Filler, l.Near = 16<<10, true }), three...))

	// not-quiet
	loud := inPart(on("never quiet", func(p *personality.Personality) {
		p.Noise = append(p.Noise, personality.Noise{App: chrome, URL: "https://connectivitycheck.gstatic.com/generate_204", Every: 120 * time.Millisecond})
	}, three...))
	// A busy computer may keep the noise back for half a second, and then the phone was quiet.
	loud.devices = func(p *profile.Phone) { p.Settle = profile.Settle{Min: 4 * time.Second, Max: 6 * time.Second} }
	add(loud)
	add(on("quiet enough", func(p *personality.Personality) {
		p.Noise = append(p.Noise, personality.Noise{App: chrome, URL: "https://connectivitycheck.gstatic.com/generate_204", Every: time.Hour})
	}, "private search"))

	// settle-too-short
	add(inPart(on("an app that nobody knows", func(p *personality.Personality) {
		p.Apps = append(p.Apps[:len(p.Apps)-1:len(p.Apps)-1], personality.App{Package: "org.example.unknown", Label: "Unknown", Kind: personality.Stub, UID: 10200, Activity: ".Main", Version: "1", VersionCode: 1, TargetSDK: 28},
			p.Apps[len(p.Apps)-1])
	}, "open settings", "switch apps", "swipe the home screen", "private search")))

	// device-changed
	add(inPart(lying("an app that updates itself", personality.Lie{After: 3, In: chrome, Update: &personality.App{Package: chrome, Version: "81.0.4044.96", VersionCode: 404409632}}, three...)))
	add(lying("an update of what is not installed", personality.Lie{After: 3, In: chrome, Update: &personality.App{Package: "org.example.gone", Version: "2", VersionCode: 2}}, "private search"))

	add(lying("a switch that somebody flips", personality.Lie{After: 3, In: chrome, Puts: &personality.Setting{Namespace: "global", Key: "multi_cb", Value: "0"}}, "private search"))
	add(lying("a setting that decides nothing", personality.Lie{After: 3, In: chrome, Puts: &personality.Setting{Namespace: "system", Key: "screen_brightness", Value: "7"}}, "private search"))

	// device-lost
	add(inPart(lying("unplugged for good", personality.Lie{After: 4, In: chrome, Wire: personality.Unplugged}, three...)))
	add(lying("unplugged for a second", personality.Lie{After: 4, In: chrome, Wire: personality.Unplugged, For: time.Second}, "private search", "search"))

	// too-few-repeats
	few := on("fewer attempts than asked for", nil, three...)
	few.made, few.asked = 1, 3
	add(inPart(few))
	add(accepted("an accepted service beside a reaction"))

	// no-attempt, not-allowed, harness, capture-gap
	for _, name := range three {
		r := on("left out: "+name, nil, name, "visit")
		r.cells[0].given.NoAttempt = true
		add(partIf(name == three[0], r))

		r = on("not allowed: "+name, nil, name)
		r.cells[0].given.NotAllowed = true
		r.cells[0].before = func(_ context.Context, d *harness.Driver, _ struck) error { return d.Allow("reboot") }
		add(partIf(name == three[0], r))

		r = on("interrupted: "+name, nil, name)
		r.cells[0].given.Interrupted = true
		r.cells[0].before = func(ctx context.Context, _ *harness.Driver, s struck) error { s.cancel(); return context.Cause(ctx) }
		add(partIf(name == three[0], r))

		r = on("the tunnel is lost: "+name, nil, name)
		r.cells[0].given.TunnelLost = true
		r.cells[0].after = func(_ context.Context, _ *harness.Driver, s struck) error { s.phone.ADB().ForgetReverses(); return nil }
		add(partIf(name == three[0], r))
	}
	return out
}

func partIf(yes bool, r row) row {
	r.part = yes
	return r
}

// accepted is a phone whose system service talks to an accepted place that nobody can read, at each settings page.
func accepted(name string) row {
	who, err := personality.ByName("redmi-note-8")
	if err != nil {
		panic(err) // it is shipped
	}
	const host = "push.example-metrics.test"
	who.Leaks = []personality.Leak{{App: "com.miui.analytics", On: []personality.Trigger{personality.OnSettings, personality.OnSwitch, personality.OnSwipe},
		URL: "https://" + host + "/e", Encoding: "aes", Trust: network.TrustUser}}
	return row{name: name, who: who, shipped: "redmi-note-8", cells: cells("open settings", "switch apps", "swipe the home screen", "private search"),
		devices: func(p *profile.Phone) {
			p.Accept = []profile.Accept{{App: "com.miui.analytics", Host: host, Port: 443, Why: "a push service"}}
		}}
}

// lieRows are phones that do not do what they are told. What really happened on them decides.
func lieRows() []row {
	menu, start := chrome+":id/menu_button", chrome+":id/search_box_text"
	faults := func(f phone.Faults) personality.Lie { return personality.Lie{Faults: f} }
	later := func(f phone.Faults) personality.Lie { return personality.Lie{After: 2, In: chrome, Faults: f} }
	both := []string{"private search", "search"}
	ginkgo := func(name string, l personality.Lie, which ...string) row {
		who, err := personality.ByName("redmi-note-8")
		if err != nil {
			panic(err) // it is shipped
		}
		who.Leaks, who.Lies = nil, []personality.Lie{l}
		return row{name: name, who: who, shipped: "redmi-note-8", cells: cells(which...)}
	}
	out := []row{
		lying("the menu button is gone", faults(phone.Faults{Missing: menu}), both...),
		lying("the menu button moved", faults(phone.Faults{Moved: []string{menu}}), both...),
		lying("the search box moved", faults(phone.Faults{Moved: []string{start}}), both...),
		lying("the private tab is called otherwise", faults(phone.Faults{Words: map[string]string{"New Incognito tab": "Secret tab"}}), both...),
		lying("an obfuscated id", faults(phone.Faults{Renamed: map[string]string{start: chrome + ":id/a7"}}), both...),
		ginkgo("another language", faults(phone.Faults{Words: map[string]string{"New incognito tab": "新建无痕标签页", "Agree": "同意", "Menu": "菜单", "Incognito mode": "无痕模式"}}), both...),
		inPart(lying("taps are dropped silently", personality.Lie{After: 4, In: chrome, Faults: phone.Faults{SilentTaps: true}}, both...)),
		lying("no idle state", personality.Lie{After: 3, In: chrome, Faults: phone.Faults{NoIdle: true}}, both...),
		lying("no root node", personality.Lie{After: 3, In: chrome, Faults: phone.Faults{NullRoot: true}}, both...),
		lying("a dump that is no file", personality.Lie{After: 3, In: chrome, Faults: phone.Faults{NoDumpFile: true}}, both...),
		ginkgo("input is blocked in the middle", personality.Lie{After: 4, In: miBrowser, Faults: phone.Faults{InputBlocked: true}}, both...),
		lying("slow", faults(phone.Faults{Slow: map[string]time.Duration{"uiautomator": time.Second, "input": 300 * time.Millisecond}}), both...),
		lying("an update is offered", later(phone.Faults{Dialog: "A system update is ready", DialogButton: "Later", DialogPackage: "com.android.updater"}), both...),
		lying("an app does not respond", later(phone.Faults{Dialog: "Clock isn't responding", DialogButton: "Wait", DialogPackage: "android", DialogID: "android:id/aerr_wait"}), both...),
		lying("a permission is asked for", later(phone.Faults{Dialog: "Allow Chrome to access your location?", DialogButton: "Deny",
			DialogPackage: "com.android.permissioncontroller", DialogID: "com.android.permissioncontroller:id/permission_deny_button"}), both...),
		lying("a consent that nobody knows", later(phone.Faults{Dialog: "New terms", DialogButton: "I have read them", DialogPackage: "org.example.terms", DialogID: "org.example.terms:id/ok"}), both...),
		lying("the clock is an hour off from the start", faults(phone.Faults{ClockOffset: time.Hour}), both...),
		lying("the clock jumps five years back", later(phone.Faults{ClockOffset: -5 * 365 * 24 * time.Hour}), both...),
		lying("the clock is an hour off", later(phone.Faults{ClockOffset: time.Hour}), both...),
	}
	for _, r := range out { // a lie must hide no leak
		r.who.Leaks = []personality.Leak{stream(func(l *personality.Leak) { l.App = r.web().Package })}
		r.name, r.part = r.name+", and it leaks", false
		out = append(out, r)
	}
	return out
}
