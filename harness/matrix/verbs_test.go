package matrix

import (
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

const (
	analytics = "com.miui.analytics"
	downloads = "com.android.providers.downloads"
)

// miui is a row on a MIUI phone that sends nothing but what the leaks say.
func miui(name string, leaks []personality.Leak, which ...string) row {
	who, err := personality.ByName("redmi-note-8")
	if err != nil {
		panic(err) // it is shipped
	}
	who.Leaks = leaks
	return row{name: name, who: who, shipped: "redmi-note-8", cells: cells(which...)}
}

// allowing is a row whose devices.yaml allows these verbs.
func allowing(r row, verbs ...string) row {
	r.devices = func(p *profile.Phone) { p.Allow = verbs }
	return r
}

// thrice is a cell and two more of its kind.
func thrice(name string) []cell {
	return []cell{{scenario: name}, {scenario: name, variant: "again"}, {scenario: name, variant: "once more"}}
}

// verbRows are phones that report what a verb does, in three encodings, and phones that nearly do: they say something about it, or say
// as much at other times.
func verbRows() []row {
	inBrowser := []string{"share", "private download", "private search on a site", "copy a text"}
	onPhone := []string{"open settings", "switch apps", "swipe the home screen", "pull the status bar", "open a file", "play music"}
	reports := func(app, encoding string, near bool, on ...personality.Trigger) []personality.Leak {
		return []personality.Leak{{App: app, On: on, Private: true, Encoding: encoding, Near: near, Trust: network.TrustUser, URL: "https://metrics.example-metrics.test/e"}}
	}
	var out []row
	for _, encoding := range []string{"json", "protobuf", "form:json+gzip+base64"} {
		for near, words := range map[bool]string{false: "reports ", true: "nearly reports "} {
			browser := on(words+"what is done in a browser, "+encoding, nil, inBrowser...)
			browser.who.Leaks = reports(chrome, encoding, near, personality.OnShare, personality.OnDownload, personality.OnVisit, personality.OnClip)
			phone := []personality.Trigger{personality.OnSettings, personality.OnSwitch, personality.OnSwipe, personality.OnFolder, personality.OnFile, personality.OnPlay}
			if !near {
				phone = append(phone, personality.OnShade) // its name alone says it, so the near miss is silence
			}
			news := miui(words+"which news is read, "+encoding, reports(miBrowser, encoding, near, personality.OnFeed), "read the news")
			first := allowing(miui(words+"its first start, "+encoding, reports(miBrowser, encoding, false, personality.OnStart), "first start"), "force-stop", "app-data-reset")
			if near { // it sends as soon as its user has agreed and does something; and its name is in what others send
				first.who.Leaks = append(reports(miBrowser, encoding, false, personality.OnVisit, personality.OnSearch), beating())
			}
			out = append(out, browser, miui(words+"what is done on a phone, "+encoding, reports(analytics, encoding, near, phone...), onPhone...), news, first)
		}
	}
	all := miui("reports at other times", []personality.Leak{beating()}, onPhone...)
	secret := miui("seals what is done on a phone", reports(analytics, "aes", false, personality.OnSettings, personality.OnSwitch, personality.OnSwipe, personality.OnShade, personality.OnFolder, personality.OnFile, personality.OnPlay), onPhone...)
	return append(out, all, secret)
}

// beating is a service that says that it is alive, whatever is done.
func beating() personality.Leak {
	return personality.Leak{App: analytics, On: []personality.Trigger{personality.OnBeat}, Every: 1500 * time.Millisecond, Encoding: "json",
		Trust: network.TrustUser, URL: "https://beat.example-metrics.test/e", Flush: 20 * time.Millisecond}
}

// reacting are the shipped phones that are there to be compared over many windows.
var reacting = []string{"three-in-ten", "by-the-clock"}

// trialRows are phones of which nothing can be read, and of which it is compared how often they send with and without an action. They
// come first, for they take longest.
func trialRows() []row {
	var out []row
	for _, name := range reacting {
		who, err := personality.ByName(name)
		if err != nil {
			panic(err) // it is shipped
		}
		out = append(out, row{name: name, who: who, shipped: name, cells: []cell{{scenario: "open settings", trials: leak.DefaultTrials}},
			devices: func(p *profile.Phone) {
				p.Accept = []profile.Accept{{App: analytics, Host: "reports.example-metrics.test", Why: "to show what can be seen of it all the same"}}
			}})
	}
	return out
}

// identityRows are phones whose browser sends a number of its own, which lasts for a while, and is told from others by what it
// outlives; and phones that are rebooted.
func identityRows() []row {
	verbs := []string{"force-stop", "app-data-reset", "reinstall", "reboot"}
	every := []string{"start", "private", "restart", "app-data-reset", "reinstall", "reboot"}
	number := func(name string, lasts personality.Lifetime, changes ...string) row {
		r := on(name, func(p *personality.Personality) {
			p.Leaks = []personality.Leak{{App: chrome, On: []personality.Trigger{personality.OnVisit}, Private: true, Near: true, Lasts: lasts, Encoding: "json",
				Trust: network.TrustUser, URL: "https://numbers.example-metrics.test/e", Flush: 20 * time.Millisecond}}
		})
		for _, c := range changes {
			r.cells = append(r.cells, cell{scenario: identity + c})
		}
		return allowing(r, verbs...)
	}
	quiet := number("sends no number", "", every...)
	quiet.who.Leaks = nil
	phones := number("lasts as long as the data, and nothing was cleared", personality.UntilCleared, "start", "restart", "private")
	phones.part, phones.keep = true, 2
	out := []row{
		quiet,
		number("lasts until the app is gone", personality.UntilRemoved, every...),
		number("lasts until its data are gone", personality.UntilCleared, every...),
		number("lasts as long as its process", personality.UntilStopped, every...),
		inPart(number("a number, and nothing was stopped", personality.UntilCleared, "start", "private")),
		number("a number of a process, and nothing was stopped", personality.UntilStopped, "start", "private"),
		phones,
	}
	rebooting := func(name string, l *personality.Leak, services ...string) row {
		r := allowing(on(name, func(p *personality.Personality) {
			for _, s := range services {
				p.Apps = append(p.Apps, personality.App{Package: s, Label: "Downloads", Kind: personality.Service, UID: 10088, Version: "9", VersionCode: 28, TargetSDK: 28})
			}
			if l != nil {
				l.On, l.Private, l.Encoding, l.Trust = []personality.Trigger{personality.OnSearch}, true, "json", network.TrustUser
				l.Direct, l.URL = true, "https://held.example-metrics.test/e"
				p.Leaks = []personality.Leak{*l}
			}
		}, "private search", identity+"reboot"), "force-stop", "reboot")
		r.services = services
		return r
	}
	return append(out,
		rebooting("a reboot", nil),
		allowing(rebooting("a reboot of what may not be stopped", nil), "reboot"),
		rebooting("a reboot, and around the proxy just before", &personality.Leak{App: chrome, Flush: -1, Background: true}),
		rebooting("a reboot, and a service for browsers that sends nothing", nil, downloads),
		rebooting("a reboot, and around the proxy by a service that goes down", &personality.Leak{App: downloads, Of: chrome, When: personality.AtDown}, downloads),
		rebooting("a reboot, and around the proxy by a service that comes up", &personality.Leak{App: downloads, Of: chrome, When: personality.AtBoot}, downloads),
		allowing(miui("a reboot of a MIUI phone", nil, "private search", identity+"reboot"), "force-stop", "reboot"),
	)
}
