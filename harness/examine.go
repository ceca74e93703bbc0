package harness

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
)

// Answer is what a check found. Unknown is said, never guessed.
type Answer string

// The answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// Check is one precondition of a phone, with what to do about it.
type Check struct {
	Phone  string `json:"phone"`
	ID     string `json:"check"` // stable, for programs: battery, tap ...
	Name   string `json:"name"`  // the precondition as a statement
	Answer Answer `json:"answer"`
	Detail string `json:"detail,omitempty"`
	Fix    string `json:"fix,omitempty"` // exact, if the answer is not yes
}

// found is the answer to a probe.
type found struct {
	answer      Answer
	detail, fix string
}

func yes(detail string) found          { return found{Yes, detail, ""} }
func no(detail, fix string) found      { return found{No, detail, fix} }
func unknown(detail, fix string) found { return found{Unknown, detail, fix} }

// failed is the answer when the phone could not be asked: what it said is shown, nothing is concluded.
func failed(err error) found {
	return unknown(err.Error(), fixOf(err, "run doctor again"))
}

// probe asks a phone for one precondition. It changes only what it, or the end of the examination, puts back.
type probe struct {
	id, name string
	needs    []string // ids of probes that must have been answered with yes
	try      func(ctx context.Context, x *examination) found
	says     []string // what is sent to the adb server instead of the phone, for Explain
}

// probes lists what is asked, in order: what others need comes first.
func probes(o Options) []probe {
	all := []probe{adbVersion(), authorised(o), identity(), inputAllowed(), battery(), temperature(), storage(), clockSkew(),
		privateDNS(), accounts(), conditions(), systemUpdates(), appUpdates(), identifiersReadable(), socketTables(), byteCounters(), logReadable(), lockScreen(), screenDump(), screenshot(), tapLands()}
	if o.Profile.Record.Video {
		all = append(all, filmed())
	}
	if asRoot(o.Profile) {
		all = append(all, rooted())
	}
	all = append(all, redirected())
	for _, b := range o.Profile.Browsers {
		all = append(all, consent(b))
		if asRoot(o.Profile) && isChrome(b) {
			all = append(all, chromeCommandLine(b))
		}
		all = append(all, proxied(b), trusted(b))
		if hasPrivate(o.Profile, b) {
			all = append(all, privateTab(b))
		}
	}
	if len(o.Profile.Browsers) > 0 {
		all = append(all, loopbackUncounted())
	}
	return all
}

// examination is one phone being asked.
type examination struct {
	lease   *Lease
	props   adb.Props
	answers map[string]Answer
	visits  map[string]visit // by browser id
}

// Examine asks a phone for every precondition of a run, changing only what it puts back. It goes as far as it can: what
// depends on a check that failed is unknown, and says on which.
func Examine(ctx context.Context, o Options) (checks []Check, err error) {
	l := newLease(o)
	l.driving.Lock()
	defer l.driving.Unlock()
	locking, cancel := context.WithTimeout(ctx, lockTimeout)
	l.lock, err = LockPhone(locking, o.State, o.Serial)
	cancel()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.abandon(ctx)) }()
	x := newExamination(l)
	for _, p := range probes(o) {
		c := x.ask(ctx, p)
		checks = append(checks, c)
		if o.Checked != nil {
			o.Checked(c)
		}
		if ctx.Err() != nil {
			return checks, context.Cause(ctx)
		}
	}
	return checks, nil
}

func newExamination(l *Lease) *examination {
	return &examination{lease: l, answers: map[string]Answer{}, visits: map[string]visit{}}
}

// ask makes one probe, unless one that it needs was not answered with yes.
func (x *examination) ask(ctx context.Context, p probe) Check {
	c := Check{Phone: x.lease.profile.ID, ID: p.id, Name: p.name}
	f, blocked := x.blocked(p)
	if !blocked {
		f = p.try(ctx, x)
	}
	c.Answer, c.Detail, c.Fix = f.answer, strings.TrimSuffix(f.detail, ": "+f.fix), f.fix // errors name their own fix
	if c.Answer == Yes {
		c.Fix = ""
	}
	x.answers[p.id] = c.Answer
	return c
}

func (x *examination) blocked(p probe) (found, bool) {
	i := slices.IndexFunc(p.needs, func(id string) bool { return x.answers[id] != Yes })
	if i < 0 {
		return found{}, false
	}
	return unknown("not tried", "first see to: "+p.needs[i]), true
}

// patience is how long an app may take to do what it is told. Cold starts on slow phones take 10 s.
func (x *examination) patience() time.Duration {
	if p := x.lease.Patience; p > 0 {
		return p
	}
	return controlTimeout
}

// fixOf gives the fix that an error itself carries, else the general one.
func fixOf(err error, general string) string {
	var fault *adb.Fault
	if errors.As(err, &fault) && fault.Fix() != "" {
		return fault.Fix()
	}
	var missing *ui.NotFoundError
	if errors.As(err, &missing) {
		return "look at the phone's screen: " + strings.TrimSpace(general)
	}
	return general
}
