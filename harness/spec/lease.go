package spec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/world"
)

// acquire leases the phone of a container. If it cannot be had, every cell planned for it is recorded with the reason,
// so that the plan has no silent hole.
func (s *suite) acquire(ctx ginkgo.SpecContext, p Phone) {
	ginkgo.GinkgoHelper()
	s.mu.Lock() // a worker that is orphaned meanwhile waits until the phone is had, or put back
	defer s.mu.Unlock()
	dir, err := evidence.OpenPhone(s.handoff.Bundle, p.ID())
	must(err)
	past, err := evidence.ReadSoFar(dir.FS())
	must(err)
	s.past[p.ID()] = past
	if past.Ended && s.finished(p.ID()) {
		ginkgo.Skip("an earlier part of this run has done all of its cells")
	}
	lease, err := s.lease(ctx, p.profile, dir)
	if err == nil {
		s.leases[p.ID()] = lease
		return
	}
	if s.base.Err() == nil { // an orphaned worker leaves its cells without an attempt: the run is incomplete, not judged lost
		err = errors.Join(err, s.lost(p.ID(), dir, err))
	}
	s.progress(p.ID())("given up: " + err.Error())
	ginkgo.Fail(err.Error())
}

func (s *suite) lease(ctx ginkgo.SpecContext, p *profile.Phone, dir *evidence.Phone) (*harness.Lease, error) {
	h, ok := s.handoff.Phone(p.ID)
	if !ok {
		return nil, fmt.Errorf("the handoff does not know %s", p.ID)
	}
	dir.Hide(h.Serial, p.ID)
	return harness.Acquire(ctx, harness.Options{
		Profile: p, ControlHost: s.config.Sites.Control, Policy: s.policy, Repeat: s.repeats(p.ID), Trials: s.trials(),
		Seed: s.handoff.Seed, State: s.handoff.State,
		ADB: h.ADB, Serial: h.Serial, JournalADB: p.ADB, Address: h.Address,
		RunBound: p.Kind == profile.Virtual && p.Address == "",
		Resolve:  h.Resolve, TrustPEM: h.TrustPEM, Names: h.Names, Relays: world.Relays(),
		Bundle: os.DirFS(s.handoff.Bundle), Dir: dir, Progress: s.progress(p.ID), Living: s.base,
	})
}

// release drains the phone, unless the run is being interrupted, and puts it back as it was.
func (s *suite) release(ctx ginkgo.SpecContext, p Phone) {
	ginkgo.GinkgoHelper()
	s.mu.Lock()
	defer s.mu.Unlock()
	lease := s.leases[p.ID()]
	if lease == nil {
		return
	}
	delete(s.leases, p.ID())
	var errs []error
	if !interrupted() {
		errs = append(errs, lease.Drain(ctx))
	}
	errs = append(errs, lease.Release(ctx))
	must(errors.Join(errs...))
}

// interrupted says whether somebody asked the run to stop: then the phone is put back at once.
func interrupted() bool {
	return ginkgo.CurrentSpecReport().State.Is(types.SpecStateInterrupted | types.SpecStateAborted)
}

// orphanGrace is how long a worker may take to put its phone back when its parent is gone.
const orphanGrace = 15 * time.Second

// orphaned stops driving, puts the phones back if they can still be reached, and ends the process: nobody waits for it.
// What could not be put back stays in the undo journal.
func (s *suite) orphaned() {
	s.abort(errOrphaned)
	time.AfterFunc(orphanGrace, func() { os.Exit(1) })
	s.mu.Lock()
	ctx, cancel := context.WithTimeout(context.Background(), orphanGrace)
	defer cancel()
	for _, l := range s.leases {
		_ = l.Release(ctx)
	}
	os.Exit(1)
}

// lost records an attempt with a fault for every cell that is left of a phone that could not be had.
func (s *suite) lost(phone string, dir *evidence.Phone, cause error) error {
	var errs []error
	past, err := evidence.ReadSoFar(dir.FS()) // the controls may have been made
	if err != nil {
		return err
	}
	n := past.Attempts
	for _, c := range s.plan.Cells {
		left := past.Left(c.Key, s.places(c.Key))
		if c.Phone != phone || len(left) == 0 {
			continue
		}
		n++
		errs = append(errs, dir.AppendAttempt(leak.Attempt{
			Schema: leak.Schema, ID: n, Key: c.Key, Scope: leak.ScopePhone, Repeat: left[0], RetryOf: past.Cells[c.Key].Faulted[left[0]],
			Claims: []leak.Claim{}, Canaries: []string{}, Markers: []leak.Marker{},
			Counters: leak.Counters{Deltas: []leak.Delta{}, Sockets: []leak.Sock{}},
			Fault:    harness.LostFault(cause),
		}))
	}
	return errors.Join(errs...)
}

// progress returns what writes a phone's live lines where the process that started the run finds them.
func (s *suite) progress(phone string) func(string) {
	path := filepath.Join(s.handoff.Progress, phone+".log")
	return func(line string) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return // a run without live lines is still a run
		}
		defer f.Close()
		fmt.Fprintf(f, "%s\n", line)
	}
}
