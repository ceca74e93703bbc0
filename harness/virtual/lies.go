package virtual

import (
	"sync"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// lies are those of a phone's personality, and how many input commands it has taken.
type lies struct {
	p    *Phone
	told []personality.Lie

	mu     sync.Mutex
	inputs map[string]int // by app in front; "" for all
	timers []*time.Timer
}

// begin strikes with what is there from the start.
func (l *lies) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lie := range l.told {
		if lie.After == 0 {
			l.strike(lie)
		}
	}
}

// input is called before each input command.
func (l *lies) input() {
	if len(l.told) == 0 {
		return
	}
	front := ""
	if all := l.p.apps.Fronts(); len(all) > 0 {
		front = all[0].Package
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inputs[""]++
	if front != "" {
		l.inputs[front]++
	}
	for _, lie := range l.told {
		if lie.After > 0 && lie.After == l.inputs[lie.In] && (lie.In == "" || lie.In == front) {
			l.strike(lie)
		}
	}
}

func (l *lies) strike(lie personality.Lie) {
	state := l.p.state
	state.Faults.Set(state.Faults.Get().With(lie.Faults))
	if u := lie.Update; u != nil {
		if pkg, ok := state.Packages.Find(u.Package); ok {
			pkg.VersionName, pkg.VersionCode = u.Version, u.VersionCode
			state.Packages.Put(pkg)
		}
	}
	if s := lie.Puts; s != nil {
		state.Settings.Put(s.Namespace, s.Key, s.Value)
	}
	if lie.Wire != personality.Unplugged {
		return
	}
	l.p.adb.MuteHandshake(true)
	l.p.adb.DropLinks()
	if lie.For > 0 {
		l.timers = append(l.timers, time.AfterFunc(lie.For, func() { l.p.adb.MuteHandshake(false) }))
	}
}

func (l *lies) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.timers {
		t.Stop()
	}
}
