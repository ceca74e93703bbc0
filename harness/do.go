package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
)

// restarts is how often an attempt that a fault ended is made again.
const restarts = 2

// Session is one cell on a leased phone: it mints the cell's canaries and makes its attempts.
type Session struct {
	lease    *Lease
	key      leak.Key
	canaries int
	length   int64 // of the windows that are compared, in µs
	first    int64 // how long the first took, in µs
	home     bool  // the last window was an idle one, which left the phone on its home screen
}

// Session opens the session of one cell.
func (l *Lease) Session(key leak.Key) *Session {
	return &Session{lease: l, key: key, canaries: l.past.Minted[key]} // no two attempts share a canary
}

// Canary mints unique text that is meant for one host alone. Each attempt of Do gives it a new value.
func (s *Session) Canary(label, recipient string) *Canary {
	return s.canary(label, recipient, leak.ValueText, func(m Mint, n int) string { return m.Text(s.key, label, n) })
}

// Word mints a single word that is meant for one host alone.
func (s *Session) Word(label, recipient string) *Canary {
	return s.canary(label, recipient, leak.ValueText, func(m Mint, n int) string { return m.Word(s.key, label, n) })
}

// URL mints the address of a page that is meant for its own host alone.
func (s *Session) URL(label, host string) *Canary {
	return s.canary(label, host, leak.ValueURL, func(m Mint, n int) string { return m.URL(s.key, label, host, n) })
}

// FileURL mints the address of a file that our own site gives to whoever asks (capture serves it; it needs no internet).
func (s *Session) FileURL(label string) *Canary {
	host := s.lease.ControlHost
	return s.canary(label, host, leak.ValueURL, func(m Mint, n int) string { return m.FileURL(s.key, label, host, n) })
}

// Site is the host of our own site, which our proxy answers: what is typed or opened there is meant for nobody else.
func (s *Session) Site() string { return s.lease.ControlHost }

func (s *Session) canary(label, recipient, kind string, mint func(Mint, int) string) *Canary {
	return &Canary{label: label, kind: kind, recipient: recipient, mint: func(n int) string { return mint(s.lease.mint, n) }}
}

// Do makes all attempts of the cell: its repeats, each restarted at most twice after a fault. It returns what the judge
// says of the cell so far. The error is the fault that the last restart ended with; everything else that went wrong is
// in the observation, as an inconclusive outcome with its reason.
func (s *Session) Do(ctx context.Context, a Action) (*leak.Observation, error) {
	l := s.lease
	l.driving.Lock()
	defer l.driving.Unlock()
	ctx, stop := l.living(ctx)
	defer stop()
	if l.aside != nil {
		err := fmt.Errorf("doing %s on %s: the phone was put aside: %w", a.Name(), l.profile.ID, l.aside)
		return nil, errors.Join(err, s.undone(a, 1, 0, err))
	}
	failed := s.fit(a)
	if failed != nil {
		return nil, errors.Join(failed, s.undone(a, 1, 0, failed))
	}
	for _, t := range s.left() {
		if failed = s.repeat(ctx, a, t); failed != nil {
			break
		}
	}
	seen, err := l.observe(s.key)
	return seen, errors.Join(failed, err)
}

// repeat makes one attempt, and makes it again from its beginning if a fault ended it.
func (s *Session) repeat(ctx context.Context, a Action, t turn) error {
	l := s.lease
	repeat, retryOf := t.repeat, t.retryOf
	if t.place != nil && t.place.Kind == leak.TrialIdle {
		a = idle{a}
	}
	for try := 0; ; try++ {
		at, err := s.attemptAt(ctx, a, t.place)
		at.Repeat, at.RetryOf = repeat, retryOf
		again := at.Fault != nil && try < restarts && passing(ctx, at.Fault)
		if again {
			at.RetriedBy = at.ID + 1
		}
		if werr := l.dir.AppendAttempt(*at); werr != nil {
			return fmt.Errorf("recording an attempt on %s: %w", l.profile.ID, werr)
		}
		l.progress(s.key, at)
		l.watched(at)
		if at.Fault == nil {
			l.faults = 0
			return nil
		}
		if !again {
			return l.fault(fmt.Errorf("doing %s on %s: %w", a.Name(), l.profile.ID, err))
		}
		retryOf = at.ID
		if err := l.recover(ctx); err != nil {
			err = fmt.Errorf("recovering %s: %w", l.profile.ID, err)
			return errors.Join(l.fault(err), s.undone(a, repeat, retryOf, err))
		}
	}
}

// maxFaults scenarios in a row that no restart cured put a phone aside; its other cells then have the reason, and other
// phones go on.
const maxFaults = 3

// fault counts a fault that no restart cured. A phone that waits for a person is put aside at once.
func (l *Lease) fault(err error) error {
	var forbidden *NotAllowed
	if errors.As(err, &forbidden) {
		return err // devices.yaml's doing, not the phone's
	}
	l.faults++
	switch {
	case blocked(err):
		l.aside = err
	case l.faults >= maxFaults:
		l.aside = fmt.Errorf("%d faults in a row, the last: %w", l.faults, err)
	}
	if l.aside != nil {
		l.note("aside", l.aside.Error(), nil)
	}
	return err
}

// undone records an attempt that could not even begin, because its phone is away or was put aside: a plan has no silent
// hole.
func (s *Session) undone(a Action, repeat int, retryOf int64, why error) error {
	at := s.blank(a)
	at.Repeat, at.RetryOf, at.Fault = repeat, retryOf, LostFault(why)
	now := s.lease.rec.Now()
	at.Window = flow.Window{First: s.lease.rec.LastSeq() + 1, Last: s.lease.rec.LastSeq(), Start: now, End: now}
	s.lease.progress(s.key, at)
	return s.lease.dir.AppendAttempt(*at)
}

// blank is the next attempt of an action, with nothing done yet.
func (s *Session) blank(a Action) *leak.Attempt {
	about := a.About()
	s.lease.attempts++
	at := &leak.Attempt{
		Schema: leak.Schema, ID: s.lease.attempts, Key: s.key,
		Scope: about.Scope, App: about.App, Claims: about.Claims,
		Private: about.Private, Canaries: []string{}, Markers: about.Markers,
		Postcondition: leak.Postcondition{What: about.Postcondition, Need: about.Need},
		Counters:      leak.Counters{Deltas: []leak.Delta{}, Sockets: []leak.Sock{}},
	}
	if at.Markers == nil {
		at.Markers = []leak.Marker{}
	}
	return at
}

// attempt makes one attempt with a window of its own. What went wrong is in the attempt; the error is returned beside
// it so that a caller can name the cause.
func (s *Session) attempt(ctx context.Context, a Action) (*leak.Attempt, error) {
	return s.attemptAt(ctx, a, nil)
}

// attemptAt is attempt at a place among windows that are compared; nil for none.
func (s *Session) attemptAt(ctx context.Context, a Action, place *leak.Place) (*leak.Attempt, error) {
	at := s.blank(a)
	if place != nil {
		p := *place
		p.Own = a.About().Own
		at.Trial = &p
	}
	drops := s.lease.link.dropped()
	err := s.drive(ctx, a, at)
	at.Fault = s.lease.link.blame(ctx, faultOf(err), err, drops)
	if at.Fault != nil && ctx.Err() != nil {
		at.Fault = &leak.Fault{Class: leak.FaultHarness, Code: leak.CodeHarness, Detail: "interrupted: " + context.Cause(ctx).Error()}
	}
	return at, err
}

// drive runs the action inside its window. Whatever happens, the window has an end when it returns.
func (s *Session) drive(ctx context.Context, a Action, at *leak.Attempt) (err error) {
	l := s.lease
	// Earlier traffic belongs to earlier windows. A phone that never stops is driven all the same: its windows say so.
	since, err := s.level(ctx, at)
	s.home = false
	if err == nil {
		_, err = settle(ctx, l.rec, since, l.profile.Settle.Min, l.profile.Settle.Max)
	}
	if err != nil {
		l.unopened(at, l.rec.LastSeq()+1, l.rec.Now(), err)
		return err
	}
	first, start := l.rec.LastSeq()+1, l.rec.Now()
	if err := l.events(ctx, a.About(), at); err != nil {
		l.unopened(at, first, start, err)
		return err
	}
	if err := s.mintFor(a, at); err != nil {
		return err
	}
	begun, err := l.before(ctx)
	at.Tunnel = begun.tunnel
	if err != nil {
		at.Window = flow.Window{First: l.rec.LastSeq() + 1, Last: l.rec.LastSeq(), Start: l.rec.Now(), End: l.rec.Now()}
		return err
	}
	filming := l.film(ctx, at, a)
	bypass, between := l.watchBypass(ctx, begun.moment.boot)
	at.Between = between
	at.Window = flow.Window{First: l.rec.LastSeq() + 1, Start: l.rec.Now()}
	began := time.Now()
	l.windowAt = logTime(began.Add(l.offset))
	l.disturbances, l.consents, l.switchings = nil, nil, nil
	l.artefacts(ctx, at, a, "before")
	defer func() {
		at.Window.Last, at.Window.End = l.rec.LastSeq(), l.rec.Now()
		at.Video = filming.end(ctx)
		at.Disturbed, at.Consent, at.Switches = l.disturbances, l.consents, l.switchings
	}()

	ran := l.rec.Now()
	runErr := a.Run(ctx, l.driver)
	if learner, ok := a.(Learner); ok {
		at.Markers = append(at.Markers, learner.Learned()...)
	}
	var missing *NotPerformed
	front := ""
	switch {
	case runErr == nil:
		at.Postcondition.Seen, at.Window.Acted = true, l.rec.Now()
		if front, err = l.front(ctx); err != nil {
			return err
		}
	case errors.As(runErr, &missing):
		at.Postcondition.Got = missing.Seen()
		if runErr = l.dropped(ctx, began, runErr); runErr != nil {
			l.lastLook(ctx, at, a, bypass)
			return runErr
		}
	default:
		l.lastLook(ctx, at, a, bypass)
		return runErr
	}
	at.Settle, err = settle(ctx, l.rec, l.rec.Now(), l.profile.Settle.Min, l.profile.Settle.Max)
	if err == nil {
		err = s.fill(ctx, at, l.rec.Now()-ran)
	}
	if err == nil {
		err = s.asLong(ctx, a, at)
	}
	if err != nil {
		return err
	}
	displaced := l.displaced(ctx, front)
	l.artefacts(ctx, at, a, "after")
	at.Tunnel, err = l.after(ctx, begun)
	// Last of all, so that the counters cover the window to its end.
	return cmp.Or(errors.Join(err, bypass.stop(ctx, &at.Counters)), displaced)
}

// mintFor gives the action's canaries new values and writes them down before anything uses them.
func (s *Session) mintFor(a Action, at *leak.Attempt) error {
	l := s.lease
	for _, c := range a.About().Canaries {
		s.canaries++
		l.secrets++
		c.current = leak.Secret{
			Schema: leak.Schema, ID: fmt.Sprintf("c%d", l.secrets), Role: s.role(),
			Kind: c.kind, Label: c.label, Value: c.mint(s.canaries), Recipient: c.recipient, Key: s.key,
		}
		if err := l.dir.AppendSecret(c.current); err != nil {
			return fmt.Errorf("recording a canary of %s: %w", l.profile.ID, err)
		}
		c.ids = append(c.ids, c.current.ID)
		at.Canaries = append(at.Canaries, c.current.ID)
	}
	return nil
}

// role tells canaries that may not leak from those that only prove that we can read.
func (s *Session) role() string {
	if s.key.Scenario == leak.ControlScenario {
		return leak.SecretControl
	}
	return leak.SecretCanary
}
