package spec

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/onsi/ginkgo/v2"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/world"
)

// plainRun is what process 1 holds when somebody runs the suite with ginkgo itself instead of `telltale run`: it opens
// the world, creates the bundle and closes both.
type plainRun struct {
	world   *world.World
	bundle  *evidence.Bundle
	handoff world.Handoff
}

func openPlain(ctx context.Context, s *suite) (_ *plainRun, err error) {
	state, err := world.StateDir(s.options.State)
	if err != nil {
		return nil, err
	}
	seed := make([]byte, 16)
	if _, err := rand.Read(seed); err != nil {
		return nil, fmt.Errorf("making the seed of the run: %w", err)
	}
	p := &plainRun{}
	if p.world, err = world.Open(ctx, world.Options{Config: s.config, State: state, Seed: hex.EncodeToString(seed)}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.world.Close())
		}
	}()
	out, err := filepath.Abs(s.options.Out)
	if err != nil {
		return nil, err
	}
	p.bundle, err = evidence.Create(out, evidence.NewRunID(time.Now()), evidence.Inputs{
		Plan: s.planRaw, Policy: harness.ResolvePolicy(s.config, s.options.Repeat),
		Run: evidence.Run{Devices: s.config.SHA256, Seed: hex.EncodeToString(seed), HostUTC: time.Now().UTC().Format(time.RFC3339)},
	})
	if err != nil {
		return nil, err
	}
	p.handoff = world.Handoff{
		Schema: world.HandoffSchema, Bundle: p.bundle.Dir(), State: state, Progress: p.world.Progress(),
		Devices: s.config.Path, DevicesSum: s.config.SHA256, PlanSum: s.planSum, Seed: hex.EncodeToString(seed),
		Repeat: s.options.Repeat, Lifeline: p.world.Lifeline(), Phones: p.world.Phones(),
	}
	return p, nil
}

// close judges the run and fails the node on anything but clean, so that a plain ginkgo run has a truthful exit code.
func (p *plainRun) close(_ context.Context, _ ginkgo.Report) error {
	closed, err := p.bundle.Close()
	err = errors.Join(err, p.world.Close())
	if err != nil {
		return err
	}
	fmt.Fprint(ginkgo.GinkgoWriter, evidence.Table(closed.Verdicts), closed.Beside.Text())
	fmt.Fprintln(ginkgo.GinkgoWriter, "evidence:", closed.Dir)
	if closed.Verdicts.Outcome != leak.Clean || !closed.Verdicts.Complete {
		return fmt.Errorf("the run is %s; its evidence is in %s", closed.Verdicts.Outcome, closed.Dir)
	}
	return nil
}
