package leak_test

import (
	"slices"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// what happens when a control fails, one by one
var controlChanges = map[string]change{
	// control-missing
	"control refused": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Flows[0] = leaktest.Tunnel(leaktest.Browser, leaktest.Control, 443, flow.ClassUntrustedCA, 11*s)
		},
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeControlMissing), sets: only(leak.CodeControlMissing),
	},
	"control over plain HTTP": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Flows[0].Intercepted = false
		},
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeControlMissing), sets: only(leak.CodeControlMissing),
	},
	"control from another app": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Flows[0].App = "com.other" },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeControlMissing),
	},
	"control from an unknown app": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Flows[0].App = "" },
		search: clean, settings: clean,
	},
	"control of another browser": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Secrets[1].Key.Browser = "chrome" },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeControlMissing),
	},
	"control page without the canary": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Flows[0].Request.Target = "https://control.telltale.test/favicon.ico"
		},
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeControlMissing), sets: only(leak.CodeControlMissing),
	},

	// action-not-performed
	"postcondition not seen": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt("search").Postcondition.Seen = false },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeNotPerformed),
	},
	"something lay over the page when the window closed": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").Disturbed = []leak.Disturbance{{What: "in front", App: "com.example.ads"}}
		},
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeNotPerformed),
	},
	"a dialog was closed and the step made again": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").Disturbed = []leak.Disturbance{{What: "update", App: "com.android.updater", Closed: true}}
		},
		search: clean, settings: clean,
	},
	"recipient did not get the query": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Flows[1].Request.Target = "https://duckduckgo.com/"
		},
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeNotPerformed),
	},
	"recipient did not answer": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Flows[1].Response, p.Flows[1].Fault = &flow.Message{Status: 502}, flow.FaultUpstream
		},
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeNotPerformed),
	},

	// truncated
	"sent body cut": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			f := leaktest.Post(leaktest.Browser, "https://sa.collector.example/sa", 22*s, `{"url":"0123456789"}`)
			f.Cap = 8
			p.AddFlow(f)
		},
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeTruncated),
	},
	"sent body missing": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Flows[2].NoBody = true },
		// it was sent in the window of settings, but what is gone may have been about the search
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeCaptureGap), sets: only(leak.CodeTruncated, leak.CodeCaptureGap),
	},
	"sent body cut, of an app out of scope": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			f := leaktest.Post("com.other", "https://sa.collector.example/sa", 22*s, `{"url":"0123456789"}`)
			f.Cap = 8
			p.AddFlow(f)
		},
		search: clean, settings: clean,
	},

	// capture-gap
	"tunnel dead before": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt("search").Tunnel.Before = false },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeCaptureGap),
	},
	"tunnel dead after": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt("search").Tunnel.After = false },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeCaptureGap),
	},
	"proxy broke a flow": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			f := leaktest.Get(leaktest.Browser, "https://other.example/", 22*s)
			f.Fault, f.Response = flow.FaultHarness, nil
			p.AddFlow(f)
		},
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeCaptureGap),
	},
	"recording not closed": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Open = true },
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeCaptureGap), sets: only(leak.CodeCaptureGap),
	},
	"last flow of a window gone": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Get(leaktest.Browser, "https://other.example/", 22*s))
			p.Flows = p.Flows[:3]
		},
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeCaptureGap), sets: only(leak.CodeCaptureGap),
	},

	// not-quiet, settle-too-short
	"not quiet": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt("search").Settle.Quiet = false },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeNotQuiet),
	},
	"quiet for less than the minimum": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt("search").Settle.QuietUS = 2*s - 1 },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeNotQuiet),
	},
	"flush longer than the minimum": {
		do: func(b *leaktest.Bundle, _ *leaktest.Phone) { b.PhonePolicy(leaktest.PhoneID).Flush[1].US = 3 * s },
		// the browser is one of the phone's apps too
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeSettleTooShort), sets: only(leak.CodeSettleTooShort),
	},
	"flush of another app unknown": {
		do: func(b *leaktest.Bundle, _ *leaktest.Phone) {
			pp := b.PhonePolicy(leaktest.PhoneID)
			pp.Flush = pp.Flush[1:]
		},
		search: clean, settings: inconclusive, sets: only(leak.CodeSettleTooShort),
	},

	// repeats
	"too few attempts": {
		do:     func(b *leaktest.Bundle, _ *leaktest.Phone) { b.PhonePolicy(leaktest.PhoneID).Repeat = 2 },
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeTooFewRepeats), sets: only(leak.CodeTooFewRepeats),
	},

	// device-changed
	"no end line": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Lines = p.Lines[:1] },
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"no start line": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Lines = p.Lines[1:] },
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"firmware changed": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Lines[1].Firmware = "V1.0.1" },
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"app updated": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Lines[1].Apps = slices.Clone(p.Lines[1].Apps)
			p.Lines[1].Apps[1].Version = "12.1"
		},
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"app installed": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Lines[1].Apps = append(slices.Clone(p.Lines[1].Apps), leak.App{Package: "com.zzz"})
		},
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"account added": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Lines[1].Accounts = 1 },
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"accounts unknown": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Lines[0].Accounts, p.Lines[1].Accounts = -1, -1 },
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"a switch was flipped": {
		do:     switches([]leak.Condition{{ID: "x", Value: "1"}}, []leak.Condition{{ID: "x", Value: "0"}}),
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"a switch was set": {
		do:     switches([]leak.Condition{{ID: "x", Unset: true}}, []leak.Condition{{ID: "x"}}),
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"a switch could not be read any more": {
		do:     switches([]leak.Condition{{ID: "x", Value: "1"}}, []leak.Condition{{ID: "x", Unknown: "denied"}}),
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"a switch is not recorded at the end": {
		do:     switches([]leak.Condition{{ID: "x", Value: "1"}, {ID: "y"}}, []leak.Condition{{ID: "y"}}),
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"a switch is not recorded at the start": {
		do:     switches([]leak.Condition{{ID: "y"}}, []leak.Condition{{ID: "x", Value: "1"}, {ID: "y"}}),
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"another account, as many as before": {
		do:     switches([]leak.Condition{{ID: leak.ConditionAccounts, Value: "com.google 1"}}, []leak.Condition{{ID: leak.ConditionAccounts, Value: "com.xiaomi 1"}}),
		search: inconclusive, settings: inconclusive, searchCodes: only(leak.CodeDeviceChanged), sets: only(leak.CodeDeviceChanged),
	},
	"switches stayed": {
		do:     switches([]leak.Condition{{ID: "x", Value: "1"}, {ID: "y", Unset: true}}, []leak.Condition{{ID: "y", Unset: true}, {ID: "x", Value: "1"}}),
		search: clean, settings: clean,
	},
	"a switch that never could be read": {
		do:     switches([]leak.Condition{{ID: "x", Unknown: "denied"}}, []leak.Condition{{ID: "x", Unknown: "not understood"}}),
		search: clean, settings: clean,
	},
	"switches of an older run that was resumed": {
		do:     switches(nil, []leak.Condition{{ID: "x", Value: "1"}}),
		search: clean, settings: clean,
	},
	"clock moved": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Lines[1].ClockUS = 5 * s },
		search: clean, settings: clean,
	},

	// no-attempt, faults
	"no attempt": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempts = slices.DeleteFunc(p.Attempts, func(a leak.Attempt) bool { return a.Key.Scenario == "search" })
		},
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeNoAttempt),
	},
	"no attempt, but its canary leaked": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempts = slices.DeleteFunc(p.Attempts, func(a leak.Attempt) bool { return a.Key.Scenario == "search" })
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://sa.collector.example/sa", 22*s, leaktest.Query))
		},
		search: leaked, settings: clean, searchCodes: only(leak.CodeNoAttempt),
	},
	"device lost": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").Fault = &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "offline"}
		},
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeDeviceLost),
	},
	"verb not allowed": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("settings").Fault = &leak.Fault{Class: leak.FaultHarness, Code: leak.CodeNotAllowed, Detail: "allow: [reboot]"}
		},
		search: clean, settings: inconclusive, sets: only(leak.CodeNotAllowed),
	},
	"fault with a code of its own": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").Fault = &leak.Fault{Class: leak.FaultHarness, Code: "gremlins"}
		},
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeHarness),
	},
	"fault, retried": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { retry(p, true) },
		search: clean, settings: clean,
	},
	"fault, retried, leaked before": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			retry(p, true)
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://sa.collector.example/sa", 22*s, leaktest.Query))
		},
		search: leaked, settings: clean,
	},
	"inconclusive without a fault, tried again": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { retry(p, false) },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeNotQuiet),
	},
}

// retry adds a second attempt of the search that says it restarts the first.
func retry(p *leaktest.Phone, fault bool) {
	first := p.Attempt("search")
	again := *first
	again.ID, again.RetryOf, again.Window = 5, first.ID, leaktest.At(5)
	again.Window.First, again.Window.Last = 4, 4
	again.Canaries = []string{"c2"}
	if fault {
		first.Fault = &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "offline"}
	} else {
		first.Settle.Quiet = false
	}
	p.Secrets = append(p.Secrets, leak.Secret{Schema: 1, ID: "c2", Role: leak.SecretCanary, Kind: leak.ValueText,
		Value: "zephyr bodkin 00c0ffee", Recipient: leaktest.Search, Key: leaktest.SearchKey})
	p.Attempt(leak.DrainScenario).Window = flow.Window{First: 4, Last: 4, Start: 60 * s, Acted: 61 * s, End: 69 * s}
	p.Attempts = append(p.Attempts, again)
	p.AddFlow(leaktest.Get(leaktest.Browser, "https://duckduckgo.com/?q=zephyr+bodkin+00c0ffee", 51*s))
}

// switches says how a phone's switches stood before and after a run.
func switches(before, after []leak.Condition) func(*leaktest.Bundle, *leaktest.Phone) {
	return func(_ *leaktest.Bundle, p *leaktest.Phone) {
		p.Lines[0].Conditions, p.Lines[1].Conditions = before, after
	}
}
