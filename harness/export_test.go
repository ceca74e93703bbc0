package harness

import (
	"context"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// StopProxy stops a lease's proxy in the middle of whatever goes on, as a crash of it would.
func (l *Lease) StopProxy(ctx context.Context) error { return l.proxy.Shutdown(ctx) }

// CrashProxy takes the proxy's ports from it, as a crash of it would: nothing is finished, and nobody is told.
func (l *Lease) CrashProxy() {
	for _, door := range l.proxy.doors {
		_ = door.Close()
	}
}

// JournalOf is the undo journal of a lease.
func (l *Lease) JournalOf() *Undo { return l.undo }

// Relayed says whether apps are known by the relay on the phone.
func (l *Lease) Relayed() bool { return l.relay != nil }

// Sync makes what was recorded so far readable.
func (l *Lease) Sync() error { return l.rec.Sync() }

// FallSilent stops a lease's beats, as the death of this process would.
func (l *Lease) FallSilent() { l.stopBeats() }

// ChangedSettings are the settings that a journal names, once each.
func ChangedSettings(u *Undo) map[string]bool {
	out := map[string]bool{}
	for _, e := range u.Entries() {
		out[e.Namespace+" "+e.Key] = true
	}
	return out
}

// ShellWord is how a word is printed for somebody to paste.
func ShellWord(s string) string { return shellWord(s) }

// ProbeIDs are the ids of the checks of a phone, in order.
func ProbeIDs(o Options) (ids []string) {
	for _, p := range probes(o) {
		ids = append(ids, p.id)
	}
	return ids
}

// CAFix is how an owner makes an app believe the farm's certificate.
func CAFix(p *profile.Phone, app string) string {
	return newLease(Options{Profile: p, Serial: "7c2d9a10", State: "/home/me/state of telltale"}).caFix(app)
}

// FilmRun is the part of a film's name on the phone that says of which run it is.
func (l *Lease) FilmRun() string { return l.filmRun() }

// FilmScripts begin and end a film in parts of so many seconds.
func FilmScripts(base string, part int) (begin, end string) { return beginFilm(base, part), endFilm }

// AttachWithin bounds from now on for how long a phone that is away is waited for.
func (l *Lease) AttachWithin(d time.Duration) { l.bounds.Attach = d }

// Watch has f called at the end of every command that a lease's actions and looks send, before anything else happens.
func (l *Lease) Watch(f func(adb.Command)) {
	l.device = adb.Server{Addr: l.ADB}.Device(l.Serial, adb.Options{Limits: adb.Limits{Timeout: l.bounds.Command}, Journal: func(c adb.Command) {
		l.journal(c)
		f(c)
	}})
	l.drive()
}

// TurnSwitch drives the switch of an app with certificates of its own, by the way that an entry knows, and says how it
// stood and by which alternatives it was led.
func TurnSwitch(ctx context.Context, d *adb.Device, e catalogue.Entry, on bool, within time.Duration) (was bool, matched map[string]string, err error) {
	matched = map[string]string{}
	w := &switching{
		Driver: &Driver{Device: d, Screen: ui.NewScreen(d), Phone: &profile.Phone{ID: "p"}, Within: within}, app: e,
		matched: func(leg, by string) { matched[leg] = by },
	}
	was, err = w.turn(ctx, on, func() error { return nil })
	return was, matched, err
}

// SwitchEntry is what is written down before a switch is touched that was off.
func SwitchEntry(o Options, app string) UndoEntry {
	off, on := state(false), state(true)
	return UndoEntry{Serial: o.Serial, Phone: o.Profile.ID, Address: o.Address, Namespace: switchNamespace, Key: app, Old: &off, New: &on, Personality: o.Profile.Personality}
}

// EnhancedEntry is what is written down before the switch of an enhanced private mode is touched that was on.
func EnhancedEntry(o Options, app string) UndoEntry {
	e := SwitchEntry(o, app)
	e.Switch, e.Old, e.New = enhancedSwitch, e.New, e.Old
	return e
}

// FileLimit is the most that adb copies from a phone of a lease.
func FileLimit(b Bounds) int64 { return b.withDefaults().adb().File }

// BinaryOf is what a lease finds out of a package.
func BinaryOf(ctx context.Context, o Options, b Bounds, pkg string) leak.Binary {
	o.Bounds = b
	l := newLease(o)
	out, err := l.binary(ctx, pkg)
	if err != nil {
		out.Unknown = err.Error()
	}
	return out
}

// Around says whether a row of a phone's tables leads around the proxy, and whether it is adb's own.
func Around(kind, serial string, r adb.Socket) (around, adbs bool) {
	l := &Lease{Options: Options{Serial: serial}, profile: &profile.Phone{Kind: kind}}
	return l.aroundProxy(r), l.isAdb(r)
}
