package harness_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// slowness is what commands take on a phone of 2019 or so (public logs of uiautomator2, appium and scrcpy; no phone was
// at hand).
var slowness = map[string]time.Duration{
	"uiautomator": 2 * time.Second, "screencap": 600 * time.Millisecond, "input": 500 * time.Millisecond, "am": 700 * time.Millisecond,
	"settings": 150 * time.Millisecond, "dumpsys": 150 * time.Millisecond, "cmd": 150 * time.Millisecond, "getprop": 30 * time.Millisecond,
	"cat": 15 * time.Millisecond, "wm": 150 * time.Millisecond,
}

// span is a time on the host's clock, in microseconds.
type span struct{ from, to int64 }

// covered is how long any of the spans lasts within one of them.
func covered(all []span, within span) (us int64) {
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	at := within.from
	for _, s := range all {
		from, to := max(s.from, at), min(s.to, within.to)
		if to > from {
			us, at = us+to-from, to
		}
	}
	return us
}

// BenchmarkAttempt makes one attempt on a phone whose commands are as slow as a real one's, and says how much of its time
// is neither spent in a command to the phone nor in settling: what is ours.
func BenchmarkAttempt(b *testing.B) {
	d := newDesk(b)
	r := d.rig(b, personality.Clean(), "clean", adbd.NoAuth)
	r.options.Progress = nil
	l := r.lease()
	defer func() {
		if err := l.Release(b.Context()); err != nil {
			b.Error(err)
		}
	}()
	r.phone.State().Faults.Set(phone.Faults{Slow: slowness})
	var wall, ours int64
	for b.Loop() {
		var acted int64
		begun := time.Now().UnixMicro()
		seen, err := r.search(l, func(a harness.Action) harness.Action {
			return broken{a, func(context.Context) error { acted = time.Now().UnixMicro(); return nil }}
		})
		ended := time.Now().UnixMicro()
		if err != nil || seen.Verdict.Outcome != leak.Clean {
			b.Fatalf("%+v, %v", seen, err)
		}
		raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/journal.jsonl")
		if err != nil {
			b.Fatal(err)
		}
		var busy []span
		settled := int64(0) // the first picture behind the action
		for line := range bytes.Lines(raw) {
			var j evidence.JournalLine
			if err := json.Unmarshal(line, &j); err != nil {
				b.Fatal(err)
			}
			us, _ := j.Data["us"].(float64)
			if j.Event != "command" || j.HostUS < begun {
				continue
			}
			argv, _ := j.Data["argv"].([]any)
			first := fmt.Sprint(append(argv, "")[0])
			if strings.HasPrefix(first, "for p in tcp") {
				continue // the socket tables are read beside everything else
			}
			s := span{j.HostUS - int64(us), j.HostUS}
			busy = append(busy, s)
			if settled == 0 && s.from >= acted && first == "screencap" {
				settled = s.from
			}
		}
		if settled == 0 {
			b.Fatal("no picture was taken behind the action")
		}
		busy = append(busy, span{acted, settled})
		wall += ended - begun
		ours += ended - begun - covered(busy, span{begun, ended})
	}
	b.ReportMetric(100*float64(ours)/float64(wall), "%-ours")
	b.ReportMetric(float64(wall)/float64(b.N)/1e6, "s/attempt")
}
