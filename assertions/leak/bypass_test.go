package leak_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

func TestBypass(t *testing.T) {
	tx := func(n int64, apps ...string) leak.Counters {
		return leak.Counters{Readable: true, Deltas: []leak.Delta{{UID: 10001, Apps: apps, TX: n, RX: 9}}}
	}
	sock := func(host string, apps ...string) leak.Counters {
		return leak.Counters{Readable: true,
			Deltas:  []leak.Delta{{UID: 10001, Apps: apps, TX: 700}},
			Sockets: []leak.Sock{{UID: 10001, Apps: apps, Proto: "udp", Addr: "203.0.113.7", Port: 443, Host: host}}}
	}
	for name, c := range map[string]struct {
		counters leak.Counters
		accept   []leak.Accept
		want     []leak.Reason // of the search, without attempt and detail
		accepted int
	}{
		"nothing":           {leak.Counters{Readable: true}, nil, nil, 0},
		"only received":     {tx(0, leaktest.Browser), nil, nil, 0},
		"another app":       {tx(900, "com.other"), nil, nil, 0},
		"another's socket":  {sock("q.example", "com.other"), nil, nil, 0},
		"counters unread":   {leak.Counters{Detail: "no netstats"}, nil, []leak.Reason{{}}, 0},
		"bytes of the app":  {tx(900, leaktest.Browser), nil, []leak.Reason{{App: leaktest.Browser, Bytes: 900}}, 0},
		"bytes of nobody":   {tx(900), nil, []leak.Reason{{Bytes: 900}}, 0},
		"bytes of a shared": {tx(900, "com.zzz", leaktest.Browser), nil, []leak.Reason{{App: leaktest.Browser, Bytes: 900}}, 0},
		"bytes of a uid of Android's": {leak.Counters{Readable: true, Deltas: []leak.Delta{{UID: 1051, Apps: []string{}, TX: 80}}}, nil,
			[]leak.Reason{{App: "dns", Bytes: 80, Accept: "- {app: dns, host: unknown, why: ...}"}}, 0},
		"those accepted": {leak.Counters{Readable: true, Deltas: []leak.Delta{{UID: 1001051, Apps: []string{}, TX: 80}}},
			[]leak.Accept{{App: "dns", Host: "unknown"}}, nil, 1},
		"those, another's line": {leak.Counters{Readable: true, Deltas: []leak.Delta{{UID: 1051, Apps: []string{}, TX: 80}}},
			[]leak.Accept{{App: "root", Host: "unknown"}, {App: "*", Host: "unknown"}}, []leak.Reason{{App: "dns", Bytes: 80, Accept: "- {app: dns, host: unknown, why: ...}"}}, 0},
		"an app's are never": {tx(900, leaktest.Browser), []leak.Accept{{App: leaktest.Browser, Host: "unknown"}, {App: "*", Host: "unknown"}},
			[]leak.Reason{{App: leaktest.Browser, Bytes: 900}}, 0},
		"its socket accepted": {leak.Counters{Readable: true, Sockets: []leak.Sock{{UID: 1051, Apps: []string{}, Proto: "udp", Addr: "192.0.2.1", Port: 53}}},
			[]leak.Accept{{App: "dns", Host: "192.0.2.1", Port: 53}}, nil, 1},
		"unknown is no host": {sock("unknown", leaktest.Browser), []leak.Accept{{App: leaktest.Browser, Host: "unknown"}},
			[]leak.Reason{{App: leaktest.Browser, Host: "unknown", Port: 443, Class: "udp", Bytes: 700}}, 0},
		"socket, by name": {sock("q.example", leaktest.Browser), nil, []leak.Reason{{
			App: leaktest.Browser, Host: "q.example", Port: 443, Class: "udp", Bytes: 700,
			Accept: "- {app: com.android.browser, host: q.example, port: 443, why: ...}"}}, 0},
		"socket, by address": {sock("", leaktest.Browser), nil, []leak.Reason{{
			App: leaktest.Browser, Host: "203.0.113.7", Port: 443, Class: "udp", Bytes: 700,
			Accept: "- {app: com.android.browser, host: 203.0.113.7, port: 443, why: ...}"}}, 0},
		"socket of nobody": {sock("q.example"), nil, []leak.Reason{{
			Host: "q.example", Port: 443, Class: "udp", Bytes: 700, Accept: "- {app: '*', host: q.example, port: 443, why: ...}"}}, 0},
		"socket accepted":          {sock("q.example", leaktest.Browser), []leak.Accept{{App: leaktest.Browser, Host: "q.example", Port: 443}}, nil, 1},
		"address accepted":         {sock("", leaktest.Browser), []leak.Accept{{App: leaktest.Browser, Host: "203.0.113.7"}}, nil, 1},
		"bytes cannot be accepted": {tx(900, leaktest.Browser), []leak.Accept{{App: "*", Host: "*.example"}}, []leak.Reason{{App: leaktest.Browser, Bytes: 900}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			b.Phone(leaktest.PhoneID).Attempt("search").Counters = c.counters
			b.PhonePolicy(leaktest.PhoneID).Accept = c.accept
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			var reasons []leak.Reason
			for _, r := range got.Reasons {
				if r.Code != leak.CodeBypass || r.Detail == "" || r.Attempt == 0 {
					t.Errorf("reason %+v", r)
				}
				r.Code, r.Detail, r.Attempt = "", "", 0
				reasons = append(reasons, r)
			}
			if diff := cmp.Diff(c.want, reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			if len(got.Accepted) != c.accepted {
				t.Errorf("%d accepted, want %d: %+v", len(got.Accepted), c.accepted, got.Accepted)
			}
			if clean := got.Outcome == leak.Clean; clean != (len(c.want) == 0) {
				t.Errorf("outcome %s", got.Outcome)
			}
		})
	}
}

// A uid with an accepted and a refused socket is not accepted as a whole.
func TestBypassOneOfTwoSockets(t *testing.T) {
	b := leaktest.Clean()
	b.Phone(leaktest.PhoneID).Attempt("search").Counters = leak.Counters{Readable: true, Sockets: []leak.Sock{
		{UID: 10001, Apps: []string{leaktest.Browser}, Proto: "tcp", Addr: "203.0.113.7", Port: 5228, Host: "push.example"},
		{UID: 10001, Apps: []string{leaktest.Browser}, Proto: "tcp", Addr: "203.0.113.8", Port: 443},
	}}
	b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Browser, Host: "push.example"}}
	got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
	if got.Outcome != leak.Inconclusive || len(got.Reasons) != 1 || got.Reasons[0].Host != "203.0.113.8" || len(got.Accepted) != 1 {
		t.Errorf("%+v", got)
	}
}
