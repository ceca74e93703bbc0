package phone

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// Faults is what a phone on a desk does wrong. The zero value is a phone that does nothing wrong. Some faults are
// ordinary state and are set there: a low battery and heat (Power), a full disk (Files.SetCapacity), a secure keyguard
// (Power.SetPIN), airplane mode (the setting), MIUI's USB-debugging switch (persist.security.adbinput).
type Faults struct {
	// SilentTaps: HyperOS drops taps and keys, exits 0 and says so only in the log.
	SilentTaps bool
	// NoIdle: uiautomator finds no idle state.
	NoIdle bool
	// NullRoot: uiautomator gets no root node.
	NullRoot bool
	// InputBlocked: the vendor's switch for input over USB debugging is off, whatever its property says.
	InputBlocked bool
	// Ungated: a Xiaomi system that gates nothing and has no switch for it, as those of tablets.
	Ungated bool
	// LateFocus: the field of a browser takes what is typed only so long after it was tapped.
	LateFocus time.Duration
	// NoDumpFile: uiautomator says nothing, exits 0 and writes no file.
	NoDumpFile bool
	// Renamed gives views other resource ids, as the obfuscation of each release does.
	Renamed map[string]string
	// Words gives texts and descriptions other words, as another language or release does.
	Words map[string]string
	// Moved are resource ids of views that stand elsewhere: further down by a quarter of the screen.
	Moved []string
	// Missing hides the view with this resource id, as an app update that removed a button does.
	Missing string
	// Dialog is a text shown in a dialog in front of everything, with the button DialogButton. A tap on it closes the
	// dialog until the fault is set again.
	Dialog, DialogButton, DialogPackage string
	// DialogID is the resource id of its button; empty: that of Android's own dialogs.
	DialogID string
	// CaptivePortal: Android has found a login page in front of the internet.
	CaptivePortal bool
	// ClockOffset is added to the phone's clock.
	ClockOffset time.Duration
	// Hang lists commands that never answer, by name: "uiautomator".
	Hang []string
	// Slow makes commands take at least so long, by name.
	Slow map[string]time.Duration
	// Cut cuts the output of a command after so many bytes, by name.
	Cut map[string]int
	// Forbidden are files that the shell may not read: later Androids may take /proc/net away.
	Forbidden []string
}

// With adds the faults of g: where both say something, g counts.
func (f Faults) With(g Faults) Faults {
	f.SilentTaps = f.SilentTaps || g.SilentTaps
	f.NoIdle = f.NoIdle || g.NoIdle
	f.NullRoot = f.NullRoot || g.NullRoot
	f.InputBlocked = f.InputBlocked || g.InputBlocked
	f.Ungated = f.Ungated || g.Ungated
	f.NoDumpFile = f.NoDumpFile || g.NoDumpFile
	f.CaptivePortal = f.CaptivePortal || g.CaptivePortal
	f.Renamed, f.Words = joined(f.Renamed, g.Renamed), joined(f.Words, g.Words)
	f.Slow, f.Cut = joined(f.Slow, g.Slow), joined(f.Cut, g.Cut)
	f.Moved = slices.Concat(f.Moved, g.Moved)
	f.Hang, f.Forbidden = slices.Concat(f.Hang, g.Hang), slices.Concat(f.Forbidden, g.Forbidden)
	f.Missing = cmp.Or(g.Missing, f.Missing)
	f.LateFocus = cmp.Or(g.LateFocus, f.LateFocus)
	f.ClockOffset = cmp.Or(g.ClockOffset, f.ClockOffset)
	if g.Dialog != "" {
		f.Dialog, f.DialogButton, f.DialogPackage, f.DialogID = g.Dialog, g.DialogButton, g.DialogPackage, g.DialogID
	}
	return f
}

func joined[K comparable, V any](a, b map[K]V) map[K]V {
	if len(a) == 0 {
		return b
	}
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// FaultSwitch holds the faults of one phone; tests flip them while the phone runs.
type FaultSwitch struct {
	mu      sync.RWMutex
	faults  Faults
	changed []func()
}

// Get returns the faults in force. Its maps and slices must not be changed.
func (f *FaultSwitch) Get() Faults {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.faults
}

// Set replaces all faults.
func (f *FaultSwitch) Set(faults Faults) {
	f.mu.Lock()
	f.faults = faults
	watchers := f.changed
	f.mu.Unlock()
	for _, w := range watchers {
		w()
	}
}

// Observe calls w after each change.
func (f *FaultSwitch) Observe(w func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = append(f.changed, w)
}
