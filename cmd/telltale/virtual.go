package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/world"
)

// virtualCmd serves virtual phones, so that any adb client can use them.
type virtualCmd struct {
	Personality []string `placeholder:"NAME" help:"Kind of phone; may be given several times, also with the same name. Default: one of each."`
	ManifestDir string   `name:"manifest-dir" placeholder:"DIR" help:"At the end, write what each phone's apps really sent to DIR/ID.json."`
}

// Help is shown below the flags.
func (virtualCmd) Help() string {
	return `Starts virtual phones and a stand-in internet on loopback, prints a devices.yaml for them, and serves until SIGTERM or
SIGINT. What their apps really sent is kept in this process and written when it ends: compare it with verdicts, never
judge by it. The phones are imitations: nothing found on one is a finding about a vendor.

Example:
  telltale virtual --personality leaky-2020 --manifest-dir manifests > devices.yaml
  telltale run --devices devices.yaml

EXIT STATUS
  0  it was stopped by a signal
  1  usage error, it could not start, or a manifest could not be written`
}

// served is one phone with the id that it has in the printed file.
type served struct {
	id    string
	kind  personality.Personality
	phone *virtual.Phone
}

// Run serves until ctx ends.
func (v *virtualCmd) Run(ctx context.Context, c *console, g *globals) (err error) {
	state, err := g.stateDir()
	if err != nil {
		return err
	}
	net, err := internet.Start(internet.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	roots, err := writeRoots(state, net)
	if err != nil {
		return err
	}
	phones, err := v.start(ctx, net)
	defer func() {
		for _, p := range phones {
			err = errors.Join(err, p.phone.Close())
		}
		if err == nil {
			err = v.writeManifests(phones)
		}
	}()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(c.Out, servedYAML(phones, net.Addr(), roots)); err != nil {
		return err
	}
	fmt.Fprintf(c.Err, "serving %d virtual phones until SIGTERM\n", len(phones))
	<-ctx.Done()
	return nil
}

// start starts every phone that was asked for.
func (v *virtualCmd) start(ctx context.Context, net *internet.Internet) ([]served, error) {
	names := v.Personality
	if len(names) == 0 {
		names = personality.Names()
	}
	var all []served
	count := map[string]int{}
	for _, name := range names {
		kind, err := personality.ByName(name)
		if err != nil {
			return all, err
		}
		count[name]++
		id := name
		if count[name] > 1 {
			id = fmt.Sprintf("%s-%d", name, count[name])
		}
		phone, err := virtual.New(virtual.Options{Personality: kind, Name: id, Internet: net, RootPEM: net.RootPEM(), Programs: world.Programs()})
		if err != nil {
			return all, fmt.Errorf("starting %s: %w", id, err)
		}
		all = append(all, served{id, kind, phone})
		if err := phone.Listen(context.WithoutCancel(ctx), "127.0.0.1:0"); err != nil {
			return all, fmt.Errorf("starting %s: %w", id, err)
		}
	}
	return all, nil
}

// writeRoots leaves the stand-in internet's root certificate where devices.yaml can name it. It stays after the end, so
// that the file still loads and the run says that the phone is gone.
func writeRoots(state string, net *internet.Internet) (string, error) {
	dir := filepath.Join(state, "virtual")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the state directory: %w", err)
	}
	f, err := os.CreateTemp(dir, "stand-in-*.pem")
	if err != nil {
		return "", fmt.Errorf("writing the stand-in internet's root: %w", err)
	}
	_, err = f.Write(net.RootPEM())
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("writing the stand-in internet's root: %w", err)
	}
	return f.Name(), nil
}

// writeManifests writes what each phone really sent, after all of them are switched off.
func (v *virtualCmd) writeManifests(phones []served) error {
	if v.ManifestDir == "" {
		return nil
	}
	if err := os.MkdirAll(v.ManifestDir, 0o700); err != nil {
		return fmt.Errorf("writing leak manifests: %w", err)
	}
	for _, p := range phones {
		f, err := os.OpenFile(filepath.Join(v.ManifestDir, p.id+".json"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("writing the leak manifest of %s: %w", p.id, err)
		}
		if err := errors.Join(p.phone.WriteManifest(f), f.Close()); err != nil {
			return fmt.Errorf("writing the leak manifest of %s: %w", p.id, err)
		}
	}
	return nil
}
