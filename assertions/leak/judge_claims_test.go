package leak_test

import (
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// what is found, and what is not
var claimChanges = map[string]change{
	"nothing": {
		do:     func(*leaktest.Bundle, *leaktest.Phone) {},
		search: clean, settings: clean,
	},

	// content
	"query to a collector": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://sa.collector.example/sa", 22*s, `{"url":"`+leaktest.Query+`"}`))
		},
		search: leaked, settings: clean,
	},
	"query to a collector, sent by another app": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post("com.other", "https://sa.collector.example/sa", 22*s, `{"url":"`+leaktest.Query+`"}`))
		},
		search: leaked, settings: clean,
	},
	"query to a collector, in the drain": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://sa.collector.example/sa", 42*s, `{"url":"`+leaktest.Query+`"}`))
		},
		search: leaked, settings: clean,
	},
	"another query to a collector": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://sa.collector.example/sa", 22*s, `{"url":"quokka gantry 4f1c8a9d"}`))
		},
		search: clean, settings: clean,
	},
	"query to the recipient's other host": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://links.duckduckgo.test/t", 22*s, `{"q":"`+leaktest.Query+`"}`))
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://improving.duckduckgo.com/t", 23*s, `{"q":"`+leaktest.Query+`"}`))
		},
		search: clean, settings: clean,
	},
	"query to a look-alike of the recipient": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://duckduckgo.com.evil.example/t", 22*s, `{"q":"`+leaktest.Query+`"}`))
		},
		search: leaked, settings: clean,
	},
	"query under the recipient's Host header, to another TLS name": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			f := leaktest.Post(leaktest.Browser, "https://duckduckgo.com/t", 22*s, `{"q":"`+leaktest.Query+`"}`)
			f.TLS = &flow.TLS{SNI: "front.example"}
			p.AddFlow(f)
		},
		search: leaked, settings: clean,
	},
	"query answered by our own proxy": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			f := leaktest.Post(leaktest.Browser, "https://control.telltale.test/t", 22*s, `{"q":"`+leaktest.Query+`"}`)
			f.Control = true
			p.AddFlow(f)
		},
		search: clean, settings: clean,
	},
	"query to a server that could not be reached": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			f := leaktest.Post(leaktest.Browser, "https://sa.collector.example/sa", 22*s, `{"url":"`+leaktest.Query+`"}`)
			f.Response, f.Fault = nil, flow.FaultUpstream
			p.AddFlow(f)
		},
		search: leaked, settings: clean,
	},
	"query in what a server sent over a WebSocket": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			f := leaktest.Post(leaktest.Browser, "https://push.example/ws", 22*s, leaktest.Query)
			f.Kind, f.Request = flow.KindMessage, &flow.Message{Opcode: 1}
			p.AddFlow(f)
		},
		search: clean, settings: clean,
	},
	"query in what the phone sent over a WebSocket": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			f := leaktest.Post(leaktest.Browser, "https://push.example/ws", 22*s, leaktest.Query)
			f.Kind, f.Request = flow.KindMessage, &flow.Message{Opcode: 1, FromApp: true}
			p.AddFlow(f)
		},
		search: leaked, settings: clean,
	},
	"a leak outweighs a broken control": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://sa.collector.example/sa", 22*s, leaktest.Query))
			p.Attempt("search").Counters.Readable = false
		},
		search: leaked, settings: clean, searchCodes: only(leak.CodeBypass),
	},
	"canary that no file holds": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Secrets = p.Secrets[:2] },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeHarness),
	},
	"canary too short to search for": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Secrets[2].Value = "abc" },
		search: inconclusive, settings: clean, searchCodes: only(leak.CodeNotPerformed, leak.CodeHarness),
	},

	// reaction
	"package of the opened page to a collector": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Analytics, "https://sa.collector.example/sa", 32*s, `{"page":"com.android.settings"}`))
		},
		search: clean, settings: leaked,
	},
	"package of the opened page, said by itself": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Settings, "https://time.example/", 32*s, `{"app":"com.android.settings"}`))
		},
		search: clean, settings: clean,
	},
	"package of the opened page, said by an unknown app": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post("", "https://time.example/", 32*s, `{"app":"com.android.settings"}`))
		},
		search: clean, settings: leaked,
	},
	"package of the opened page, outside the window": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Analytics, "https://sa.collector.example/sa", 42*s, `{"page":"com.android.settings"}`))
		},
		search: clean, settings: inconclusive, sets: only(leak.CodeSettleTooShort),
	},
	"package of the opened page, from the page itself, outside the window": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Settings, "https://sa.collector.example/sa", 42*s, `{"page":"com.android.settings"}`))
		},
		search: clean, settings: clean,
	},
	"package of the opened page, before the window": {
		do: func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Analytics, "https://sa.collector.example/sa", 22*s, `{"page":"com.android.settings"}`))
		},
		search: clean, settings: clean,
	},
	"no marker to look for": {
		do:     func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt("settings").Markers = nil },
		search: clean, settings: inconclusive, sets: only(leak.CodeHarness),
	},
}
