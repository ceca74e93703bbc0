package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// pageSwitch drives the switch of a browser's enhanced private mode from a private tab, and comes back to that tab.
type pageSwitch struct {
	*switching
	way catalogue.Switch
	led map[string]string // by which alternative each part of the way was found
}

// stood is how a switch was found on the screen.
type stood struct {
	on   bool
	node *ui.Node // what is tapped to change it
	by   string   // the alternative that matched
}

// Enhance makes the switch of the enhanced private mode on or off, from a private tab of the browser in front, reads it
// back on a second visit to its page, and says how it stood. How it stood is remembered before it is touched. A *NotPerformed
// says that the screen showed no way to it, or that it did not change.
func (d *Driver) Enhance(ctx context.Context, e catalogue.Entry, on bool) (was bool, err error) {
	if e.Browser == nil || len(e.Browser.Private.Enhanced.On) == 0 {
		return false, &NotPerformed{Want: "the enhanced private mode of " + e.Package, Got: "the catalogue knows no switch for it"}
	}
	p := &pageSwitch{way: e.Browser.Private.Enhanced, led: map[string]string{}}
	p.switching = &switching{Driver: d, app: e, matched: func(leg, by string) { p.led[leg] = by }}
	s, err := p.read(ctx)
	if err != nil {
		return false, err
	}
	told := leak.Switched{App: e.Package, Name: p.way.Name, Was: state(s.on), Is: state(s.on), By: s.by, Certainty: string(p.way.Certainty), Source: p.way.Source}
	if s.on != on {
		told.Is = state(on)
		if err := p.change(ctx, s, told); err != nil {
			return s.on, err
		}
	}
	if err := p.back(ctx); err != nil {
		return s.on, err
	}
	if d.Switched != nil {
		return s.on, d.Switched(told, p.led)
	}
	return s.on, nil
}

// change taps the switch, leaves its page and looks again: a tap may be dropped without a word.
func (p *pageSwitch) change(ctx context.Context, s stood, told leak.Switched) error {
	if p.Switching != nil {
		if err := p.Switching(told); err != nil {
			return err
		}
	}
	x, y := s.node.Bounds.Center()
	if err := p.Device.Tap(ctx, x, y); err != nil {
		return err
	}
	if err := p.back(ctx); err != nil {
		return err
	}
	now, err := p.read(ctx)
	if err == nil && now.on == s.on {
		err = &NotPerformed{Want: p.name() + " to be switched " + told.Is, Got: "it stayed " + told.Was}
	}
	return err
}

func (p *pageSwitch) name() string { return fmt.Sprintf("%q of %s", p.way.Name, p.app.Package) }

// on finds the switch on a screen, and how it stands.
func (p *pageSwitch) on(t *ui.Tree) (s stood, ok bool) {
	for _, want := range []bool{true, false} {
		at := p.way.Off
		if want {
			at = p.way.On
		}
		for _, sel := range selectorsOf(at) {
			if n := t.Find(sel); n != nil && !n.Bounds.Empty() {
				return stood{on: want, node: n, by: sel.String()}, true
			}
		}
	}
	return s, false
}

// read goes to the switch, as far as the way is needed, and reads it.
func (p *pageSwitch) read(ctx context.Context) (stood, error) { return p.seek(ctx, 0) }

// seek looks for the switch on the screen that so many parts of the way have led to, and else goes on. Where the last part leads
// nowhere, it looks further down on the screen where that began.
func (p *pageSwitch) seek(ctx context.Context, level int) (s stood, err error) {
	last := level == len(p.way.Way)
	leg := catalogue.Leg{Scroll: level > 0 && p.way.Way[level-1].Scroll}
	if !last {
		leg.At, leg.Scroll = p.way.Way[level].At, p.way.Way[level].Scroll
	}
	leg.What = p.name()
	seen := false
	err = p.look(ctx, leg, func(t *ui.Tree) bool {
		if s, seen = p.on(t); seen {
			return true
		}
		return !last && shows(t, leg.At)
	})
	if err != nil || seen {
		return s, err
	}
	if err := p.pass(ctx, p.way.Way[level]); err != nil {
		return s, err
	}
	s, err = p.seek(ctx, level+1)
	var missing *NotPerformed
	if !errors.As(err, &missing) || !leg.Scroll || level+1 < len(p.way.Way) {
		return s, err
	}
	if berr := p.oneBack(ctx); berr != nil {
		return s, errors.Join(err, berr)
	}
	if lerr := p.look(ctx, leg, func(t *ui.Tree) bool { s, seen = p.on(t); return seen }); lerr != nil {
		return s, err // what the way's end showed says more
	}
	return s, nil
}

func shows(t *ui.Tree, at []catalogue.Selector) bool {
	for _, sel := range selectorsOf(at) {
		if n := t.Find(sel); n != nil && !n.Bounds.Empty() {
			return true
		}
	}
	return false
}

// back returns to the tab that the way began in: where its first part shows, and nothing that stands further on.
func (p *pageSwitch) back(ctx context.Context) error {
	for range len(p.way.Way) + 2 {
		t, err := p.Screen.Dump(ctx)
		if err != nil {
			return err
		}
		_, on := p.on(t)
		for _, leg := range p.way.Way[1:] {
			on = on || shows(t, leg.At)
		}
		if !on && shows(t, p.way.Way[0].At) {
			return nil
		}
		if err := p.oneBack(ctx); err != nil {
			return err
		}
	}
	return &NotPerformed{Want: "the tab that " + p.name() + " was reached from", Got: "it did not come back"}
}

// oneBack presses back, and waits until the screen has changed: a second press on the tab itself would close it.
func (p *pageSwitch) oneBack(ctx context.Context) error {
	before, err := p.Screen.Dump(ctx)
	if err != nil {
		return err
	}
	if err := p.Screen.Back(ctx); err != nil {
		return err
	}
	return p.Await(ctx, "the screen before", func(t *ui.Tree) bool { return !bytes.Equal(t.XML, before.XML) })
}

// enhancedSwitch names, in an entry of the undo journal, the switch of a browser's enhanced private mode.
const enhancedSwitch = "enhanced"

// aboutToSwitch writes down how a switch stands before it is touched.
func (l *Lease) aboutToSwitch(s leak.Switched) error {
	old, next := s.Was, s.Is
	return l.undo.Add(l.switchEntry(s.App, &old, &next))
}

// hasSwitched keeps what came of a switch for the attempt under way and for the journal. One that stands again as it did at
// first needs no undoing any more.
func (l *Lease) hasSwitched(s leak.Switched, led map[string]string) error {
	l.switchings = append(l.switchings, s)
	now := s.Is
	if s.Was != s.Is {
		if err := l.undo.Add(l.switchEntry(s.App, &now, &now)); err != nil {
			return err
		}
	}
	return l.dir.AppendJournal("switch", map[string]any{"app": s.App, "name": s.Name, "was": s.Was, "is": s.Is, "by": s.By, "way": led, "certainty": s.Certainty})
}

func (l *Lease) switchEntry(app string, old, next *string) UndoEntry {
	return UndoEntry{
		Serial: l.Serial, Phone: l.profile.ID, ADB: l.JournalADB, Address: l.Address, Run: l.RunBound,
		Namespace: switchNamespace, Key: app, Switch: enhancedSwitch, Old: old, New: next, Personality: l.profile.Personality, PINEnv: l.profile.PINEnv,
	}
}

// settled says whether a switch was read back as it stood before the oldest change, after the newest one.
func (u UndoEntry) settled(all []UndoEntry) bool {
	var last UndoEntry
	for _, e := range all {
		if e.Namespace == switchNamespace && e.Key == u.Key && e.Switch == u.Switch {
			last = e
		}
	}
	return last.Old != nil && last.New != nil && u.Old != nil && *last.Old == *last.New && *last.New == *u.Old
}

// restoreEnhanced puts the switch of a browser's enhanced private mode back: in a new private tab, as it is reached.
func restoreEnhanced(ctx context.Context, d *Driver, e catalogue.Entry, on bool) error {
	w := &switching{Driver: d, app: e}
	if err := w.start(ctx); err != nil {
		return err
	}
	if _, err := d.OpenPrivate(ctx, e); err != nil {
		return err
	}
	if _, err := d.Enhance(ctx, e, on); err != nil {
		return err // the caller leaves its pages
	}
	return errors.Join(d.LeavePrivate(ctx, e), d.Screen.Home(ctx))
}
