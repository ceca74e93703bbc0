package harness_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

// TestEliminationIsNeverWrong: twenty apps at once, without the relay. Where an app is said it is the right one; where it
// is not, it is unknown. And an app that is alone for a moment is known.
func TestEliminationIsNeverWrong(t *testing.T) {
	t.Parallel()
	who, more := twenty()
	r := newRig(t, who, "clean")
	l := r.lease()
	defer r.release(l)
	ask := func(uid int, pkg string, n int) {
		c := r.app(uid, pkg)
		defer c.CloseIdleConnections()
		if err := get(t, c, fmt.Sprintf("http://example.test/%s/%d", pkg, n)); err != nil {
			t.Errorf("%s: %v", pkg, err)
		}
	}
	const each = 6
	var all sync.WaitGroup
	for _, app := range more {
		all.Go(func() {
			for n := range each {
				time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // some meet, some do not
				ask(app.UID, app.Package, n)
			}
		})
	}
	all.Wait()
	seen, known, last, alone := 0, 0, false, 0
	until(t, "the app of a connection that was alone", func() bool { // the first may meet what is left of the others
		ask(more[0].UID, more[0].Package, each+alone)
		alone++
		if err := l.Sync(); err != nil {
			t.Fatal(err)
		}
		seen, known, last = 0, 0, false
		for _, f := range r.flows() {
			if f.Kind != flow.KindExchange || f.Request == nil || !strings.HasPrefix(f.Request.Target, "http://example.test/test.app") {
				continue
			}
			seen++
			want := strings.Split(f.Request.Target, "/")
			if f.App != "" && f.App != want[3] {
				t.Errorf("%s is said to be of %s, by %q", f.Request.Target, f.App, f.AppBy)
			}
			if f.App != "" {
				known++
				n, _ := strconv.Atoi(want[4])
				last = last || n >= each
			}
		}
		return last || t.Failed()
	})
	t.Logf("%d exchanges, the app of %d is known", seen, known)
	if seen != each*len(more)+alone {
		t.Errorf("%d exchanges, want %d", seen, each*len(more)+alone)
	}
}
