package harness

import (
	"context"
	"errors"
	"fmt"

	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// switchNamespace marks an entry of the undo journal that is a switch in an app's own settings; Key is its package, Old and
// New are "on" or "off".
const switchNamespace = "switch"

// ownStores has each browser with certificates of its own believe those of the phone's user, once a lease. How the switch
// stood is in the undo journal before it is touched; one that is on already is left on. Where the screen shows no way, the
// run goes on: the control of that browser then finds out whether it can be read, and says why it cannot.
func (l *Lease) ownStores(ctx context.Context) error {
	for _, b := range l.profile.Browsers {
		entry, ok := l.profile.App(b.App)
		if _, tried := l.switched[b.App]; !ok || entry.OwnStore == nil || tried {
			continue
		}
		err := l.believeUser(ctx, entry)
		var missing *NotPerformed
		switch {
		case err == nil:
			l.switched[b.App] = ""
		case errors.As(err, &missing):
			why := fmt.Sprintf("its switch for certificates of the phone's user could not be driven: %s; by hand: %s", missing.Seen(), byHand(entry, true))
			l.switched[b.App] = why
			l.say(b.App + ": " + why)
			l.note("switch", b.App, err)
			if err := l.driver.Screen.Home(ctx); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

// forgetSwitch has the switch of an app looked at again: its data were cleared.
func (l *Lease) forgetSwitch(ctx context.Context, app string) error {
	delete(l.switched, app)
	return l.ownStores(ctx)
}

func (l *Lease) believeUser(ctx context.Context, entry catalogue.Entry) error {
	l.say("switching on " + entry.OwnStore.Switch.What + " in " + entry.Name)
	matched := map[string]string{}
	w := &switching{Driver: l.driver, app: entry, matched: func(leg, by string) { matched[leg] = by }}
	was, err := w.turn(ctx, true, func() error {
		old, now := state(false), state(true)
		return l.undo.Add(UndoEntry{
			Serial: l.Serial, Phone: l.profile.ID, ADB: l.JournalADB, Address: l.Address, Run: l.RunBound,
			Namespace: switchNamespace, Key: entry.Package, Old: &old, New: &now, Personality: l.profile.Personality, PINEnv: l.profile.PINEnv,
		})
	})
	data := map[string]any{"app": entry.Package, "by": matched, "certainty": string(entry.OwnStore.Certainty)}
	if err != nil {
		data["error"] = err.Error()
	} else {
		data["was"], data["is"] = state(was), state(true)
	}
	if jerr := l.dir.AppendJournal("switch", data); jerr != nil {
		return errors.Join(err, jerr)
	}
	return err
}

// unread says why an app's certificates could not be seen to; empty if they were, or need not be.
func (l *Lease) unread(app string) string { return l.switched[app] }

// byHand is the way to an app's switch for whoever holds the phone.
func byHand(e catalogue.Entry, on bool) string { return fmt.Sprintf(e.OwnStore.Words, state(on)) }
