package harness

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

func row(uid, port int) adb.Socket {
	return adb.Socket{
		Proto: "tcp6", UID: uid, State: adb.TCPEstablished,
		Local:  netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port)),
		Remote: netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), ProxyPort),
	}
}

// dead is what is left of a connection: Linux keeps no uid for it.
func dead(port int) adb.Socket {
	s := row(0, port)
	s.State = adb.TCPTimeWait
	return s
}

func TestAttributionByElimination(t *testing.T) {
	apps := map[int][]string{10152: {"com.android.browser"}, 10160: {"com.miui.analytics"}, 10185: {"com.google.android.gms", "com.google.android.gsf"}}
	browser := record.App{Package: "com.android.browser", UID: 10152, By: flow.ByElimination}
	for _, tc := range []struct {
		name   string
		known  []adb.Socket // seen at an earlier look
		rows   []adb.Socket
		conns  int
		want   record.App
		reason string
	}{
		{"one new row", nil, []adb.Socket{row(10152, 1)}, 1, browser, ""},
		{"old rows are not counted", []adb.Socket{row(10160, 9)}, []adb.Socket{row(10160, 9), row(10152, 1)}, 1, browser, ""},
		{"several connections of one app", nil, []adb.Socket{row(10152, 1), row(10152, 2)}, 2, browser, ""},
		{"adbd's own end is no app", nil, []adb.Socket{row(10152, 1), row(uidShell, 7)}, 1, browser, ""},
		{"two apps at once", nil, []adb.Socket{row(10152, 1), row(10160, 2)}, 2, record.App{Candidates: []string{"com.android.browser", "com.miui.analytics"}}, "either could be either"},
		{"a row has gone already", nil, []adb.Socket{row(10152, 1)}, 2, record.App{Candidates: []string{"com.android.browser"}}, "the other may be anyone's"},
		{"a shared uid", nil, []adb.Socket{row(10185, 1)}, 1, record.App{UID: 10185, By: flow.ByElimination, Candidates: apps[10185]}, "one uid, two packages"},
		{"a connection was over before the look", nil, []adb.Socket{dead(1), row(10160, 2)}, 1, record.App{Candidates: []string{"com.miui.analytics"}}, "the dead one may be it"},
		{"a connection that was known is over", []adb.Socket{row(10160, 9)}, []adb.Socket{dead(9), row(10152, 1)}, 1, browser, ""},
		{"nothing new", []adb.Socket{row(10152, 1)}, []adb.Socket{row(10152, 1)}, 1, record.App{}, "its row was not seen"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var mu sync.Mutex
			rows := tc.known
			got := map[int64]record.App{}
			a := newAttributor(apps, func(context.Context) ([]adb.Socket, error) {
				mu.Lock()
				defer mu.Unlock()
				return rows, nil
			}, func(conn int64, app record.App) {
				mu.Lock()
				defer mu.Unlock()
				got[conn] = app
			})
			for i := range tc.known {
				a.attribute(t.Context(), int64(100+i))
			}
			mu.Lock()
			rows = tc.rows
			mu.Unlock()
			// All of them wait before the first look.
			for c := 2; c <= tc.conns; c++ {
				a.waiting = append(a.waiting, arrival{conn: int64(c)})
			}
			a.attribute(t.Context(), 1)
			for c := int64(1); c <= int64(tc.conns); c++ {
				if diff := cmp.Diff(tc.want, got[c]); diff != "" {
					t.Errorf("connection %d, %s (-want +got):\n%s", c, tc.reason, diff)
				}
			}
		})
	}
}

// TestASocketSeenBeforeItsConnection: the socket of an app is in the tables while another's connection is looked up, and
// its own connection arrives only after those looks. It may not be taken for that of whoever opens a socket meanwhile.
func TestASocketSeenBeforeItsConnection(t *testing.T) {
	apps := map[int][]string{10152: {"com.android.browser"}, 10160: {"com.miui.analytics"}}
	browser, miui := row(10152, 1), row(10160, 2)
	later := row(10152, 3)
	either := record.App{Candidates: []string{"com.android.browser", "com.miui.analytics"}}
	known := func(uid int) record.App { return record.App{Package: apps[uid][0], UID: uid, By: flow.ByElimination} }
	type look struct {
		rows []adb.Socket
		conn int64
		want record.App
	}
	for _, tc := range []struct {
		name  string
		looks []look
	}{
		{"it comes beside a new one", []look{
			{[]adb.Socket{browser, miui}, 1, either},
			{[]adb.Socket{browser, miui, later}, 2, either}, // by count alone it would be the later one's
			{[]adb.Socket{browser, miui, later}, 3, either},
			{[]adb.Socket{browser, miui, later, row(10160, 4)}, 4, known(10160)},
		}},
		{"of one app alone", []look{
			{[]adb.Socket{browser, later}, 1, known(10152)},
			{[]adb.Socket{browser, later, miui}, 2, either},
			{[]adb.Socket{browser, later, miui}, 3, either},
			{[]adb.Socket{browser, later, miui, row(10160, 4)}, 4, known(10160)},
		}},
		{"it closed before its connection came", []look{
			{[]adb.Socket{browser, miui}, 1, either},
			{[]adb.Socket{dead(1), dead(2), later}, 2, either},
			{[]adb.Socket{later}, 3, either},
			{[]adb.Socket{later, row(10160, 4)}, 4, known(10160)},
		}},
		{"one closed before its look, and another is to come", []look{
			{[]adb.Socket{browser}, 1, known(10152)},
			{[]adb.Socket{browser, dead(5)}, 2, record.App{}},
			{[]adb.Socket{browser, dead(5), dead(6), miui}, 3, record.App{Candidates: apps[10160]}},
			{[]adb.Socket{browser, dead(5), dead(6), miui, later}, 4, either},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var rows []adb.Socket
			var got record.App
			a := newAttributor(apps, func(context.Context) ([]adb.Socket, error) { return rows, nil }, func(_ int64, app record.App) { got = app })
			for _, l := range tc.looks {
				rows, got = l.rows, record.App{}
				a.attribute(t.Context(), l.conn)
				if diff := cmp.Diff(l.want, got); diff != "" {
					t.Errorf("connection %d (-want +got):\n%s", l.conn, diff)
				}
			}
		})
	}
}

// TestASocketStaysOpenForAWhile: one whose connection never comes, since nobody listened, does not keep apps unknown for
// ever; and a connection that was not looked up in time has its socket all the same.
func TestASocketStaysOpenForAWhile(t *testing.T) {
	at := time.Now()
	s := newSockets().after([]adb.Socket{row(10152, 1), row(10160, 2)}, at).take(1)
	s = s.after([]adb.Socket{row(10152, 1), row(10160, 3)}, at.Add(arrivesWithin-1))
	if len(s.open) != 3 || s.taken != 1 {
		t.Errorf("shortly before its time: %+v", s)
	}
	s = s.take(1).after([]adb.Socket{row(10152, 1), row(10160, 3)}, at.Add(arrivesWithin))
	if len(s.open) != 1 || s.taken != 0 {
		t.Errorf("after its time: %+v", s)
	}

	apps := map[int][]string{10152: {"com.android.browser"}, 10160: {"com.miui.analytics"}}
	rows := []adb.Socket{row(10152, 1)}
	got := map[int64]record.App{}
	fails := errors.New("the phone does not answer")
	a := newAttributor(apps, func(context.Context) ([]adb.Socket, error) { return rows, fails }, func(conn int64, app record.App) { got[conn] = app })
	a.attribute(t.Context(), 1)
	fails, rows = nil, []adb.Socket{row(10152, 1), row(10160, 2)}
	a.attribute(t.Context(), 2)
	rows = append(rows, row(10160, 3))
	a.attribute(t.Context(), 3)
	want := map[int64]record.App{
		2: {Candidates: []string{"com.android.browser", "com.miui.analytics"}},
		3: {Package: "com.miui.analytics", UID: 10160, By: flow.ByElimination},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
