package virtual

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// fifty makes fifty phones of all kinds but those that run another program, has each show its screen and load a page at
// the same time, and returns how many bytes the whole process has got from the system.
func fifty(t testing.TB) uint64 {
	web := newInternet(t)
	kinds := personality.Models()
	var work sync.WaitGroup
	for i := range 50 {
		who, err := personality.ByName(kinds[i%len(kinds)])
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(Options{Personality: who, Name: fmt.Sprint("phone ", i), Internet: web, RootPEM: web.RootPEM()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		if err := p.Listen(t.Context(), "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		work.Go(func() {
			sh(t, p, "uiautomator dump /dev/tty; screencap -p /sdcard/s.png; am start -a android.intent.action.VIEW -d https://duckduckgo.com/")
		})
	}
	work.Wait()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}

// BenchmarkFifty says what fifty phones at once take.
func BenchmarkFifty(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(float64(fifty(b))/1e6, "MB")
	}
}

// Fifty phones are to fit beside a run. The race detector's own memory is not theirs.
func TestFiftyPhonesAreSmall(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("measures memory")
	}
	const most = 500e6
	if got := fifty(t); got > most {
		t.Errorf("fifty phones hold %d MB, %d MB are the most", got/1e6, int(most/1e6))
	}
}
