package spec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/onsi/ginkgo/v2"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/world"
)

// suite is what one process of a run holds.
type suite struct {
	options *Options
	config  *profile.Config
	plan    leak.Plan
	planRaw []byte
	planSum string
	leftOut map[string]int // cells of extended scenarios that the labels leave out

	handoff *world.Handoff
	policy  leak.Policy
	mu      sync.Mutex // held while a phone is being leased or released
	leases  map[string]*harness.Lease
	past    map[string]evidence.SoFar // of phones that this process has held
	base    context.Context           // ends when the parent is gone
	abort   context.CancelCauseFunc   //
	plain   *plainRun                 // process 1 of a plain ginkgo run
}

// errOrphaned ends everything a worker does when the process that started the run has died.
var errOrphaned = errors.New("the process that started this run is gone")

// Run builds the tree from devices.yaml, checks that it is the planned one, and runs it; or, in plan mode, writes the
// plan and stops. Without --devices the suite is skipped by name.
func Run(t *testing.T, o *Options) {
	if o.Devices == "" {
		t.Skip("scenarios drive phones: run `make run`, or `go tool ginkgo ./scenarios -- --devices=../devices.yaml`")
	}
	s := &suite{options: o, leases: map[string]*harness.Lease{}, past: map[string]evidence.SoFar{}}
	s.base, s.abort = context.WithCancelCause(context.Background())
	var err error
	if s.config, err = profile.Load(o.Devices); err != nil {
		t.Fatal(err)
	}
	build(s)
	if s.plan, s.leftOut, err = preview(s.config); err != nil {
		t.Fatal(err)
	}
	s.planRaw, s.planSum = encodePlan(s.plan)
	if o.PlanOut != "" {
		if err := s.writePlan(); err != nil {
			t.Fatal(err)
		}
		return
	}
	s.nodes()
	thrift()
	ginkgo.RunSpecs(t, "Telltale")
}

// thrift keeps a worker small: there is one for each phone, and it waits for its phone most of the time, so that memory
// costs more than collecting it does. The plan of a whole farm, which was just made, is given back at once.
func thrift() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(20)
	}
	debug.FreeOSMemory()
}

// writePlan is plan mode: no world, no phone.
func (s *suite) writePlan() error {
	phones := map[string]bool{}
	for _, c := range s.plan.Cells {
		phones[c.Phone] = true
	}
	raw, err := json.Marshal(world.Planned{
		Plan: s.planRaw, Sum: s.planSum, Phones: len(phones), LeftOut: s.leftOut,
		TimeoutS: int64(timeoutOf(s.config, s.plan, s.options.Repeat).Seconds()),
	})
	if err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	return os.WriteFile(s.options.PlanOut, raw, 0o600)
}

// nodes declares what happens once per run: one process brings the handoff, all of them check it.
func (s *suite) nodes() {
	ginkgo.SynchronizedBeforeSuite(func(ctx ginkgo.SpecContext) []byte {
		ginkgo.GinkgoHelper()
		raw, err := s.open(ctx)
		must(err)
		return raw
	}, func(raw []byte) {
		ginkgo.GinkgoHelper()
		must(s.join(raw))
	})
	ginkgo.ReportAfterSuite("closing the run", func(ctx ginkgo.SpecContext, report ginkgo.Report) {
		ginkgo.GinkgoHelper()
		must(s.close(ctx, report))
	})
}

// open brings the handoff: from the file that `telltale run` wrote, or by opening a world of its own.
func (s *suite) open(ctx context.Context) ([]byte, error) {
	if s.options.Handoff != "" {
		raw, err := os.ReadFile(s.options.Handoff)
		if err != nil {
			return nil, fmt.Errorf("reading the handoff: %w", err)
		}
		return raw, nil
	}
	var err error
	s.plain, err = openPlain(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.plain.handoff.Encode()
}

// join checks that this process built the tree that was planned from the file that was read, and takes hold of the
// lifeline.
func (s *suite) join(raw []byte) (err error) {
	if s.handoff, err = world.DecodeHandoff(raw); err != nil {
		return err
	}
	if s.handoff.DevicesSum != s.config.SHA256 {
		return fmt.Errorf("%s changed while the run began: start it again", s.config.Path)
	}
	if s.handoff.PlanSum != s.planSum {
		return errors.New("this process built another tree than was planned: the scenarios depend on something else than devices.yaml, or bin/scenarios.test is of another build")
	}
	policy, err := os.ReadFile(filepath.Join(s.handoff.Bundle, "policy.json"))
	if err != nil {
		return fmt.Errorf("reading the policy of the run: %w", err)
	}
	if err := json.Unmarshal(policy, &s.policy); err != nil {
		return fmt.Errorf("reading the policy of the run: %w", err)
	}
	if s.plain != nil {
		return nil // this process is the one that the others hang on
	}
	release, err := world.HoldLifeline(s.handoff.Lifeline, s.orphaned)
	if err != nil {
		return err
	}
	ginkgo.DeferCleanup(release)
	return nil
}

// close writes the report that was asked for, and judges a plain ginkgo run, in the process that opened its world.
// `telltale run` closes its own.
func (s *suite) close(ctx context.Context, report ginkgo.Report) error {
	if err := s.writeReport(report); err != nil {
		return err
	}
	if s.plain == nil {
		return nil
	}
	return s.plain.close(ctx, report)
}

// writeReport writes what ginkgo says of every spec, in its own JSON. Ginkgo's --json-report is not used: its process
// outlives a `telltale run` that was killed, and would make the folder anew that the next start has swept away.
func (s *suite) writeReport(report ginkgo.Report) error {
	if s.options.Report == "" || s.base.Err() != nil {
		return nil
	}
	raw, err := json.MarshalIndent([]ginkgo.Report{report}, "", "  ")
	if err == nil {
		err = os.WriteFile(s.options.Report, raw, 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing ginkgo's report: %w", err)
	}
	return nil
}

// must fails the node that is running if there is an error.
func must(err error) {
	ginkgo.GinkgoHelper()
	if err != nil {
		ginkgo.Fail(err.Error())
	}
}
