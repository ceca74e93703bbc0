package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/telltale-farm/telltale/adb"
)

// redirect leads the phone's traffic to the proxy: the reverse tunnel first, then the setting, so that no app dials a
// port that nobody listens on.
func (l *Lease) redirect(ctx context.Context) error {
	before, err := l.device.Snapshot(ctx, adb.ProxySettings...)
	if err != nil {
		return err
	}
	forget(before)
	if err := l.tryRelay(ctx); err != nil {
		return err
	}
	for _, s := range adb.ProxySettings {
		if err := l.remember(s, before[s], l.target(s)); err != nil {
			return err
		}
	}
	if err := l.guarded(ctx, before[adb.HTTPProxy]); err != nil {
		return err
	}
	if l.relay == nil {
		if err := l.reverse(ctx); err != nil {
			return err
		}
	}
	if err := l.setProxy(ctx); err != nil {
		return err
	}
	l.led = true
	return nil
}

// forget takes a proxy of ours out of what stood there before: a run of another computer, or one whose state directory is
// lost, left it, and nobody listens behind it. Putting it back would leave the phone without a network.
func forget(before map[adb.Setting]adb.Value) {
	ours := []string{proxyValue(), net.JoinHostPort("127.0.0.1", strconv.Itoa(relayPort))}
	if !slices.Contains(ours, before[adb.HTTPProxy].Value) {
		return
	}
	for _, s := range adb.ProxySettings {
		before[s] = adb.Value{}
	}
}

// guarded starts the phone's guardian, and has it told that we live for as long as the lease lasts. A relay on the phone
// takes care by itself; but a relay that is killed leaves nobody.
func (l *Lease) guarded(ctx context.Context, old adb.Value) error {
	if l.guard == nil {
		l.guard = newDeadMan(l.device, l.Seed, l.Silence, givesBack(old.Pointer()))
	}
	if err := l.guard.keep(ctx); err != nil || l.stopBeats != nil || l.dry {
		return err
	}
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stopBeats = stop
	l.beating.Go(func() { l.guard.beat(beating) })
	return nil
}

// reverse makes the tunnel. A run that was killed may have left one to a port of its own: its proxy is cleared by now,
// so no app can be dialling it while it is taken away.
func (l *Lease) reverse(ctx context.Context) error {
	err := l.device.EnsureReverse(ctx, ProxyPort, l.proxyPort)
	if adb.CodeOf(err) != adb.ReverseTaken {
		return err
	}
	if err := l.device.ClearProxy(ctx); err != nil {
		return err
	}
	if err := l.device.RemoveReverse(ctx, ProxyPort); err != nil {
		return err
	}
	return l.device.EnsureReverse(ctx, ProxyPort, l.proxyPort)
}

// target is what a proxy setting will be once Android has digested http_proxy; nil for unset.
func (l *Lease) target(s adb.Setting) *string {
	if s != adb.HTTPProxy {
		return nil
	}
	value := l.proxyValue()
	return &value
}

// remember writes a change into the undo journal and the evidence before it is made.
func (l *Lease) remember(s adb.Setting, old adb.Value, next *string) error {
	e := UndoEntry{
		Serial: l.Serial, Phone: l.profile.ID, ADB: l.JournalADB, Address: l.Address, Run: l.RunBound,
		Namespace: s.Namespace, Key: s.Key, Old: old.Pointer(), New: next,
	}
	if err := l.undo.Add(e); err != nil {
		return err
	}
	return l.dir.AppendJournal("setting", map[string]any{"namespace": e.Namespace, "key": e.Key, "old": e.Old, "new": e.New})
}

// setProxy tells the phone to use the tunnel, and reads it back; never without somebody who takes it back.
func (l *Lease) setProxy(ctx context.Context) error {
	if err := l.guard.keep(ctx); err != nil {
		return err
	}
	return l.device.SetProxy(ctx, "127.0.0.1", l.appsPort())
}

// replay puts back what an earlier run left changed on this phone.
func (l *Lease) replay(ctx context.Context) error {
	entries := l.undo.Entries()
	if !l.RunBound {
		l.leftFilms(ctx)
	}
	if len(entries) == 0 {
		return nil
	}
	if entries[0].Run {
		return l.undo.Done() // a phone that lived inside another run had this address, and died with it
	}
	err := Restore(ctx, l.device, l.undo)
	var exit *adb.ExitError
	if errors.As(err, &exit) && l.unlock(ctx) == nil { // files that are out of reach until a phone was unlocked
		err = Restore(ctx, l.device, l.undo)
	}
	var left *SwitchLeft
	if errors.As(err, &left) {
		l.say(left.Error())
		l.note("switch", "putting back what an earlier run left", left)
		return nil // it stays in the journal; everything else is as it was
	}
	return err
}

// Restore puts every changed setting of a phone back, newest change first, reads each back, and closes the journal only
// when all of them stand as they did. It may be repeated after any crash. A [*SwitchLeft] says that what is left are
// switches in apps, which alone stay in the journal.
func Restore(ctx context.Context, d *adb.Device, u *Undo) error {
	entries := u.Entries()
	old := map[adb.Setting]*string{}
	var order []adb.Setting // oldest change first
	for _, e := range entries {
		if e.Script != "" || e.Namespace == switchNamespace {
			continue
		}
		s := adb.Setting{Namespace: e.Namespace, Key: e.Key}
		if _, again := old[s]; !again {
			old[s] = e.Old // the oldest line is the value from before all of them
			order = append(order, s)
		}
	}
	if err := calmDeadMan(ctx, d); err != nil {
		return err
	}
	if _, changed := old[adb.HTTPProxy]; changed {
		// A deleted proxy lives on in Android's memory; only :0 clears it.
		if err := d.ClearProxy(ctx); err != nil {
			return fmt.Errorf("clearing the proxy: %w", err)
		}
		if err := revive(ctx, d, old); err != nil {
			return fmt.Errorf("putting the phone's own proxy back: %w", err)
		}
	}
	for i := len(order) - 1; i >= 0; i-- {
		s := order[i]
		if err := putBack(ctx, d, s, old[s]); err != nil {
			return fmt.Errorf("putting %s %s back: %w", s.Namespace, s.Key, err)
		}
	}
	if err := endDeadMan(ctx, d); err != nil {
		return err
	}
	for _, s := range order {
		got, err := d.Setting(ctx, s)
		if err != nil {
			return fmt.Errorf("reading %s %s back: %w", s.Namespace, s.Key, err)
		}
		if want := old[s]; !same(got, want) {
			return fmt.Errorf("reading %s %s back: it is %s, it was %s", s.Namespace, s.Key, shown(got.Pointer()), shown(want))
		}
	}
	if err := runScripts(ctx, d, entries); err != nil {
		return err
	}
	// Last, since it takes minutes on a real phone and may not succeed: by now the phone has its network back.
	err := restoreSwitches(ctx, d, entries)
	var left *SwitchLeft
	switch {
	case errors.As(err, &left):
		return errors.Join(u.Keep(left.of(entries)), err)
	case err != nil:
		return err
	}
	return u.Done()
}

// runScripts undoes what is no setting, newest first: after the proxy was cleared, so that no app loses a proxy that it
// still uses.
func runScripts(ctx context.Context, d *adb.Device, entries []UndoEntry) error {
	var errs []error
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e.Script == "" {
			continue
		}
		_, err := d.Script(ctx, e.Script)
		if err != nil {
			errs = append(errs, fmt.Errorf("taking %s away: %w", e.Key, err))
		}
		if err != nil && adb.CodeOf(err) != "" { // no answer of the phone's, so the next has none either
			break
		}
	}
	return errors.Join(errs...)
}

// scriptEntry is a change that a script undoes.
func (l *Lease) scriptEntry(what, script string) UndoEntry {
	return UndoEntry{
		Serial: l.Serial, Phone: l.profile.ID, ADB: l.JournalADB, Address: l.Address, Run: l.RunBound,
		Namespace: scriptNamespace, Key: what, Script: script,
	}
}

// rememberScript writes down, before something is done, the script that undoes it.
func (l *Lease) rememberScript(what, script string) error {
	return l.undo.Add(l.scriptEntry(what, script))
}

// revive makes a proxy effective that the phone had of its own, but not in http_proxy: set long ago, or by a device
// policy. Writing the settings it was kept in would do so only at the next boot.
func revive(ctx context.Context, d *adb.Device, old map[adb.Setting]*string) error {
	host, port := old[adb.ProxySettings[1]], old[adb.ProxySettings[2]]
	if old[adb.HTTPProxy] != nil || host == nil || *host == "" || port == nil {
		return nil
	}
	n, err := strconv.Atoi(*port)
	if err != nil {
		return nil // what was no proxy before needs not become one
	}
	return d.SetProxy(ctx, *host, n)
}

// putBack makes a setting what it was.
func putBack(ctx context.Context, d *adb.Device, s adb.Setting, old *string) error {
	got, err := d.Setting(ctx, s)
	if err != nil || same(got, old) {
		return err
	}
	if old == nil {
		return d.DeleteSetting(ctx, s)
	}
	return d.PutSetting(ctx, s, *old)
}

func same(got adb.Value, want *string) bool {
	if want == nil {
		return !got.Set
	}
	return got.Set && got.Value == *want
}

func shown(v *string) string {
	if v == nil {
		return "unset"
	}
	return fmt.Sprintf("%q", *v)
}
