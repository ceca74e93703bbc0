package matrix

import (
	"context"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual/chromium"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// shell runs lines on the phone inside an action's window.
func shell(lines ...string) func(context.Context, *harness.Driver, struck) error {
	return func(ctx context.Context, d *harness.Driver, _ struck) error {
		for _, line := range lines {
			if _, err := d.Device.Shell(ctx, "sh", "-c", line); err != nil {
				return err
			}
		}
		return nil
	}
}

// elementRows are leaks that a run misses if it does not wait, look again, or put together.
func elementRows() []row {
	three := []string{"private search", "private visit", "search"}
	occasion := func(name string, when personality.When, lines ...string) []row {
		yes := with(name, stream(func(l *personality.Leak) { l.When = when }), three...)
		for i := range yes.cells {
			yes.cells[i].after = shell(lines...)
		}
		return []row{yes, with(name+", which does not come", stream(func(l *personality.Leak) { l.When = when }), three...)}
	}
	var out []row
	out = append(out, occasion("only on a Wi-Fi flip", personality.AtWiFi, "svc wifi disable", "svc wifi enable")...)
	out = append(out, occasion("only with the screen off", personality.WhenDark, "input keyevent 223", "input keyevent 224", "wm dismiss-keyguard")...)

	boot := with("a batch after a reboot", stream(func(l *personality.Leak) { l.When = personality.AtBoot }), "private search", "visit")
	boot.cells[1].before = func() func(context.Context, *harness.Driver, struck) error {
		done := false
		return func(_ context.Context, _ *harness.Driver, s struck) error {
			if !done {
				done = true
				s.phone.ADB().Reboot("")
			}
			return nil
		}
	}()
	out = append(out, boot, with("a batch after a reboot that does not come", stream(func(l *personality.Leak) { l.When = personality.AtBoot }), three...))

	for _, n := range []int{3, 2} { // of two attempts the third is not made
		r := with("one time in three", stream(func(l *personality.Leak) { l.OneIn, l.On = 3, l.On[:1] }), "private search", "search")
		r.name, r.made = map[int]string{3: "one time in three", 2: "one time in three, twice"}[n], n
		if n == 2 {
			r.cells = r.cells[:1]
		}
		out = append(out, r)
	}
	out = append(out,
		inPart(with("split over two uploads", stream(func(l *personality.Leak) { l.Split = true }), three...)),
		with("split over two uploads, and misspelt", stream(func(l *personality.Leak) { l.Split, l.Near = true, true }), three...),
		with("to a host of the maker's over HTTP/2", stream(func(l *personality.Leak) { l.HTTP2, l.URL = true, "https://api.ad.xiaomi.com/v2/e" }), three...),
		with("nearly to a host of the maker's over HTTP/2", stream(func(l *personality.Leak) { l.HTTP2, l.Near, l.URL = true, true, "https://api.ad.xiaomi.com/v2/e" }), three...),
		inPart(with("when the browser leaves the screen", stream(func(l *personality.Leak) { l.Flush, l.Background = -1, true }), "private search")),
		with("nearly, when the browser leaves the screen", stream(func(l *personality.Leak) { l.Flush, l.Background, l.Near = -1, true, true }), three...),
		with("a batch after two seconds", stream(func(l *personality.Leak) { l.Flush = 2 * time.Second }), "private search"),
		with("a batch after fifteen seconds, not waited for", stream(func(l *personality.Leak) { l.Flush = 15 * time.Second }), "private search"),
	)
	patient := func(name string, near bool, wait time.Duration) row {
		r := with(name, stream(func(l *personality.Leak) { l.Flush, l.Near = 15*time.Second, near }), "private search")
		r.flush = 15 * time.Second
		if wait > 0 {
			r.devices = func(p *profile.Phone) { p.Settle = profile.Settle{Min: wait, Max: 3 * time.Minute} } // idle connections close in between
		}
		return r
	}
	return append(out,
		patient("a batch after fifteen seconds, waited for", false, 16*time.Second),
		patient("nearly, in a batch after fifteen seconds, waited for", true, 16*time.Second),
		patient("a batch after fifteen seconds, known and not waited for", false, 0),
	)
}

// modelRows are the shipped phones, as they are.
func modelRows() []row {
	var out []row
	for _, name := range personality.Names() {
		if slices.Contains(reacting, name) {
			continue // in a single window each of them is silent or not as it happens
		}
		who, err := personality.ByName(name)
		if err != nil {
			panic(err) // it is shipped
		}
		which := []string{"private search", "private visit", "search", "share", "private download", "private search on a site", "copy a text", "open settings", "switch apps", "swipe the home screen", "pull the status bar", "open a file", "play music"}
		if browser := (row{who: who}).web(); browser.Web != nil && browser.Web.Style == personality.Renamed {
			out = append(out, row{name: name, who: who, shipped: name, cells: cells("private search", "private search without the enhanced mode", "private visit", "private visit without the enhanced mode", "search")})
			continue // its other buttons are those that nobody knows on a real one
		}
		if browser := (row{who: who}).web(); browser.Web != nil && browser.Web.Enhanced {
			which = append(which, "read the news", "private search without the enhanced mode", "private visit without the enhanced mode")
		}
		if browser := (row{who: who}).web(); browser.Web != nil && browser.Web.Real {
			out = append(out, realRows(name, who)...)
			continue
		}
		out = append(out, row{name: name, who: who, shipped: name, cells: cells(which...)})
	}
	return out
}

// realRows are those of a phone whose browser is a real Chromium, if this computer has one. Its manifest knows what was
// done on it, and not what Chromium sends by itself: its cells are shown and not counted.
func realRows(name string, who personality.Personality) []row {
	if _, err := chromium.Find(); err != nil {
		return nil
	}
	slower := func(p *profile.Phone) { p.Settle = profile.Settle{Min: 2 * time.Second, Max: 15 * time.Second} }
	all := cells("private search", "private visit", "search", "visit", "private download", "open settings", "switch apps")
	for i := range all {
		all[i].limit = true
	}
	return []row{{name: name, who: who, shipped: name, devices: slower, cells: all}}
}
