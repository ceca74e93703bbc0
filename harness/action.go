package harness

import (
	"context"
	"fmt"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Action is something that a person does with a phone, scripted. The verbs are in harness/action.
type Action interface {
	// Name is short and unique among the verbs: "search", "open-settings".
	Name() string
	// About says what the action is about: whose traffic counts, which canaries it gives away, what would report it.
	About() About
	// Run drives the phone and proves on the screen that the action happened. It returns a *NotPerformed if the screen
	// shows that it did not, and any other error only for a fault.
	Run(ctx context.Context, d *Driver) error
}

// Learner is an action that finds out only on the screen what would report it, such as the title of whatever news there
// was. It is asked after Run.
type Learner interface {
	Learned() []leak.Marker
}

// About is what the judge must know of an action.
type About struct {
	Scope         leak.Scope
	App           string        // package under test; empty for scope phone
	Claims        []leak.Claim  //
	Private       bool          // in a private tab
	Before        []string      // events of package leak to be done before the window: leak.EventRestart ...
	Canaries      []*Canary     // given to the app by this action
	Markers       []leak.Marker // whose presence in what the phone sends reports the action
	Postcondition string        // what the screen shows when it happened, in words
	Need          bool          // the recipient must have got the canary too
	AsLong        bool          // its window is kept open for as long as the longest before it of the same browser
	Own           []string      // apps that the action brings to the front: what they send then does not report it
}

// NotPerformed says that an action did not happen, and what was seen instead. It is an outcome, not a fault: the
// attempt is inconclusive and is not retried, since a phone that lost a button has not lost it by accident.
type NotPerformed struct {
	Want string
	Got  string
	Dump []byte // the screen as XML, if it could be read
	Err  error
}

func (e *NotPerformed) Error() string {
	if e.Got == "" {
		return fmt.Sprintf("not performed: wanted %s", e.Want)
	}
	return fmt.Sprintf("not performed: wanted %s, got %s", e.Want, e.Got)
}

// Seen is what was there, and what was waited for.
func (e *NotPerformed) Seen() string {
	if e.Got == "" {
		return "nothing of what was waited for: " + e.Want
	}
	return fmt.Sprintf("%s (waited for %s)", e.Got, e.Want)
}

func (e *NotPerformed) Unwrap() error { return e.Err }

// NotAllowed says that an action needs a destructive verb that devices.yaml does not allow on this phone.
type NotAllowed struct {
	Phone string
	Verb  string
}

func (e *NotAllowed) Error() string {
	return fmt.Sprintf("%s is not allowed on %s: add `allow: [%s]` to its block in devices.yaml", e.Verb, e.Phone, e.Verb)
}
