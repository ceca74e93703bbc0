package apps

import (
	"crypto/x509"
	"fmt"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// appData is what an app has stored. It outlives the process and the boot, and ends with `pm clear`.
type appData struct {
	installs   int  // how often the data were cleared
	removals   int  // how often the app was removed
	starts     int  // of its process
	stopped    bool // by force: no broadcast reaches it until somebody starts it
	agreed     bool
	plain      bool                     // of a browser: its enhanced incognito mode was switched off
	thirdParty bool                     // of a browser with certificates of its own: it believes those that the user installed
	preview    bool                     // another switch on the same page
	counts     map[int]int              // of events, by number of the leak
	queues     map[int]*telemetry.Queue // by number of the leak
	names      map[string]string        // of a launcher's folders
}

func (s *System) stored(pkg string) *appData {
	d := s.data[pkg]
	if d == nil {
		app, _ := s.kind.App(pkg)
		d = &appData{plain: app.Web != nil && app.Web.Plain, counts: map[int]int{}, queues: map[int]*telemetry.Queue{}, names: map[string]string{}}
		s.data[pkg] = d
	}
	return d
}

func (s *System) reset(pkg string) {
	d := s.stored(pkg)
	for _, q := range d.queues {
		q.Clear()
	}
	s.data[pkg] = &appData{installs: d.installs + 1, removals: d.removals, starts: d.starts, counts: map[int]int{}, queues: d.queues, names: map[string]string{}}
}

func (s *System) queue(pkg string, leak int) *telemetry.Queue {
	d := s.stored(pkg)
	if d.queues[leak] == nil {
		d.queues[leak] = telemetry.NewQueue()
	}
	return d.queues[leak]
}

// installID is the UUID that an app sends. Another one follows when what it is kept in is gone.
func (s *System) installID(pkg string, lasts personality.Lifetime) string {
	d := s.stored(pkg)
	switch lasts {
	case personality.UntilRemoved:
		return s.phone.Identity.UUID(fmt.Sprintf("removal %s %d", pkg, d.removals))
	case personality.UntilStopped:
		return s.phone.Identity.UUID(fmt.Sprintf("start %s %d", pkg, d.starts))
	}
	return s.phone.Identity.UUID(fmt.Sprintf("install %s %d", pkg, d.installs))
}

func (s *System) systemRoots() *x509.CertPool { return s.roots }
