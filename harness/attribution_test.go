package harness

import (
	"context"
	"net/netip"
	"sync"
	"testing"

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
				a.waiting = append(a.waiting, int64(c))
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
