package leak_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// A connection around the proxy is said for what it probably is, with the names known for its address; those are a hint,
// and policy that names one of them accepts nothing.
func TestBypassSaysWhatItIs(t *testing.T) {
	for _, c := range []struct {
		proto string
		port  int
		names []string
		want  string
	}{
		{"udp", 443, nil, "QUIC around the proxy"},
		{"udp6", 443, nil, "QUIC around the proxy"},
		{"tcp", 443, nil, "a connection around the proxy"},
		{"udp6", 53, nil, "questions to a name server around the proxy"},
		{"tcp", 853, nil, "encrypted questions to a name server around the proxy"},
		{"tcp", 443, []string{"b.example", "a.example"}, "a connection around the proxy, at the address of a.example, b.example"},
	} {
		b := leaktest.Clean()
		b.Phone(leaktest.PhoneID).Attempt("search").Counters = leak.Counters{Readable: true, Sockets: []leak.Sock{
			{UID: 10001, Apps: []string{leaktest.Browser}, Proto: c.proto, Addr: "203.0.113.7", Port: c.port, Names: c.names},
		}}
		b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: "*", Host: "*.example"}}
		got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
		if len(got.Reasons) != 1 || got.Reasons[0].Detail != c.want || len(got.Accepted) > 0 {
			t.Errorf("%s to %d: %+v", c.proto, c.port, got)
		}
	}
}

// The coverage lists what went around the proxy by uid, with its destinations; what is out of scope, or was only received,
// is not there.
func TestCoverageListsWhatWentAround(t *testing.T) {
	b := leaktest.Clean()
	b.Phone(leaktest.PhoneID).Attempt("search").Counters = leak.Counters{Readable: true,
		Deltas: []leak.Delta{
			{UID: 0, Apps: []string{}, TX: 60},
			{UID: 10001, Apps: []string{"com.zzz\x1b", leaktest.Browser}, TX: 700},
			{UID: 10002, Apps: []string{"com.other"}, TX: 9000},
			{UID: 10003, Apps: []string{leaktest.Browser}, RX: 10},
		},
		Sockets: []leak.Sock{
			{UID: 10001, Apps: []string{leaktest.Browser}, Proto: "udp6", Addr: "2001:db8::7", Port: 443},
			{UID: 10001, Apps: []string{leaktest.Browser}, Proto: "tcp", Addr: "203.0.113.8", Port: 443, Host: "q.example"},
			{UID: 10001, Apps: []string{leaktest.Browser}, Proto: "tcp", Addr: "203.0.113.9", Port: 443, Host: "q.example"},
			{UID: 10002, Apps: []string{"com.other"}, Proto: "tcp", Addr: "203.0.113.9", Port: 443},
		},
	}
	var got []leak.Around
	for _, c := range judge(t, b).Cells {
		if c.Key == leaktest.SearchKey {
			got = c.Coverage.Around
		}
	}
	want := []leak.Around{
		{UID: 0, Apps: []string{}, Bytes: 60, To: []string{}},
		{UID: 10001, Apps: []string{leaktest.Browser, got[1].Apps[1]}, Bytes: 700, To: []string{"tcp q.example:443", "udp6 [2001:db8::7]:443"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("around (-want +got):\n%s", diff)
	}
	if strings.Contains(got[1].Apps[1], "\x1b") {
		t.Errorf("not made safe: %q", got[1].Apps[1])
	}
}

// adb's own connection to a phone on the network is named, and accepted whatever port the computer has for it. Its bytes
// hide what else the shell sends: without a word of the owner's they are around the proxy.
func TestAdbOverTheNetwork(t *testing.T) {
	const shell = "com.android.shell"
	for name, c := range map[string]struct {
		adb    bool
		more   []leak.Sock
		accept []leak.Accept
		want   leak.Outcome
		says   string
	}{
		"adb's":                  {true, nil, nil, inconclusive, "adb's own connection, over the network"},
		"another of the shell's": {false, nil, nil, inconclusive, "a connection around the proxy"},
		"accepted":               {true, nil, []leak.Accept{{App: shell, Host: "192.168.0.5"}}, clean, ""},
		"accepted, beside one that is not": {true, []leak.Sock{{UID: 2000, Apps: []string{shell}, Proto: "tcp", Addr: "203.0.113.7", Port: 443}},
			[]leak.Accept{{App: shell, Host: "192.168.0.5"}}, inconclusive, "a connection around the proxy"},
	} {
		b := leaktest.Clean()
		a := b.Phone(leaktest.PhoneID).Attempt("search")
		a.Scope = leak.ScopePhone
		for i := range b.Policy.Phones[0].Flush {
			b.Policy.Phones[0].Flush[i].US = 1
		}
		a.Counters.Deltas = []leak.Delta{{UID: 2000, Apps: []string{shell}, TX: 90_000}}
		a.Counters.Sockets = append([]leak.Sock{{UID: 2000, Apps: []string{shell}, Proto: "tcp", Addr: "192.168.0.5", Port: 41234, ADB: c.adb}}, c.more...)
		b.PhonePolicy(leaktest.PhoneID).Accept = c.accept
		v := judge(t, b)
		got := claimOf(t, v, leaktest.SearchKey, leak.ClaimContent)
		if got.Outcome != c.want || c.says != "" && (len(got.Reasons) != 1 || got.Reasons[0].Code != leak.CodeBypass || !strings.HasPrefix(got.Reasons[0].Detail, c.says)) {
			t.Errorf("%s: %s, %+v", name, got.Outcome, got.Reasons)
		}
		for _, cell := range v.Cells {
			if to := cell.Coverage.Around; cell.Key == leaktest.SearchKey && (len(to) != 1 || strings.Contains(strings.Join(to[0].To, " "), "tcp 192.168.0.5:41234 (adb)") != c.adb) {
				t.Errorf("%s: coverage %+v", name, to)
			}
		}
	}
}
