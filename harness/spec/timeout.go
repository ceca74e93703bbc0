package spec

import (
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile"
)

// Bounds of the parts of a run that have no setting of their own. They are backstops, far above what is usual: a phone
// that needs them is already failing.
const (
	setupAllowance   = 5 * time.Minute // lock, attach, certificate, controls
	restoreAllowance = 2 * time.Minute
	actionAllowance  = 3 * time.Minute // driving one attempt, with its screens
	drainFlush       = 2 * time.Minute // unknown flush times count as one minute
	attemptsPerTry   = 3               // an attempt and its two restarts
)

func (s *suite) setupTimeout(p *profile.Phone) time.Duration {
	return setupAllowance + harness.ParkAllowance + time.Duration(len(p.Browsers))*(actionAllowance+2*p.Settle.Max)
}

func (s *suite) drainTimeout(p *profile.Phone) time.Duration {
	return restoreAllowance + drainFlush + 2*p.Settle.Max
}

// Timeout is how long the whole suite may take: the slowest phone, as phones run beside each other. Ginkgo's own limit
// of one hour would cut a night's run short.
func timeoutOf(cfg *profile.Config, plan leak.Plan, repeat int) time.Duration {
	var most time.Duration
	s := &suite{}
	for i := range cfg.Phones {
		p := &cfg.Phones[i]
		n := p.Repeat
		if repeat > 0 {
			n = repeat
		}
		places := 0
		for _, c := range plan.Cells {
			if c.Phone == p.ID {
				places += leak.TrialPlaces(n, c.Trials)
			}
		}
		each := attemptsPerTry * (actionAllowance + 2*p.Settle.Max)
		most = max(most, s.setupTimeout(p)+s.drainTimeout(p)+time.Duration(places)*each+harness.ParkAllowance)
	}
	return most
}
