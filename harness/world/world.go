package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// Options of a world.
type Options struct {
	Config *profile.Config
	State  string    // state directory
	Seed   string    // of the run: virtual phones get their identifiers from it
	Log    io.Writer // what the private adb server prints; may be nil
}

// World is what one run stands on. Close it when no worker needs it any more.
type World struct {
	state    string
	scratch  string // sockets, handoff and progress of this run; gone at Close
	private  *adb.PrivateServer
	unwatch  func() // lets the private server die
	internet *internet.Internet
	virtual  []*virtual.Phone
	phones   []PhoneHandoff
	lifeline *Lifeline
}

// Open starts what devices.yaml asks for: a private adb server and the stand-in internet if there are virtual phones,
// and those of them that no other process serves. USB phones are reached through the user's adb server. No phone is
// touched.
func Open(ctx context.Context, o Options) (_ *World, err error) {
	w := &World{state: o.State}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return nil, fmt.Errorf("making the state directory: %w", err)
	}
	if err := sweep(ctx, o.State); err != nil {
		return nil, fmt.Errorf("removing what killed runs left in the state directory: %w", err)
	}
	if w.scratch, err = os.MkdirTemp(o.State, scratchPrefix); err != nil {
		return nil, fmt.Errorf("making the run's scratch folder: %w", err)
	}
	if err := os.Mkdir(w.Progress(), 0o700); err != nil {
		return nil, fmt.Errorf("making the run's scratch folder: %w", err)
	}
	if w.lifeline, err = OpenLifeline(filepath.Join(w.scratch, lifelineName)); err != nil {
		return nil, err
	}
	for i := range o.Config.Phones {
		h, err := w.open(ctx, &o.Config.Phones[i], o)
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", o.Config.Phones[i].ID, err)
		}
		w.phones = append(w.phones, h)
	}
	return w, nil
}

// open says how one phone is reached, starting what has to be started.
func (w *World) open(ctx context.Context, p *profile.Phone, o Options) (PhoneHandoff, error) {
	h := PhoneHandoff{ID: p.ID, ADB: p.ADB, Serial: p.Serial, Address: p.Address, Resolve: p.Upstream.Resolve}
	if p.Upstream.Trust != "" {
		pem, err := os.ReadFile(p.Upstream.Trust)
		if err != nil {
			return h, fmt.Errorf("reading the roots to trust: %w", err)
		}
		h.TrustPEM = pem
	}
	if p.Kind == profile.USB {
		if h.ADB == "" {
			server, err := adb.EnsureUserServer(ctx)
			if err != nil {
				return h, err
			}
			h.ADB = server.Addr
		}
		return h, nil
	}
	if h.Address == "" {
		phone, err := w.start(ctx, p, o.Seed)
		if err != nil {
			return h, err
		}
		h.Address = phone.Addr().String()
		if p.Upstream.StandIn && h.Resolve == "" {
			h.Resolve, h.TrustPEM, h.Names = w.internet.Addr(), w.internet.RootPEM(), w.internet.Names()
		}
	}
	h.Serial = h.Address
	if h.ADB == "" {
		if err := w.startServer(ctx, o.Log); err != nil {
			return h, err
		}
		h.ADB = w.private.Addr
	}
	return h, nil
}

// start makes a virtual phone, and with the first one the internet that they all reach.
func (w *World) start(ctx context.Context, p *profile.Phone, seed string) (_ *virtual.Phone, err error) {
	if w.internet == nil {
		if w.internet, err = internet.Start(internet.Options{}); err != nil {
			return nil, err
		}
	}
	who, err := personality.ByName(p.Personality)
	if err != nil {
		return nil, err
	}
	phone, err := virtual.New(virtual.Options{
		Personality: who, Name: p.ID, Seed: seed + "/" + p.ID, Internet: w.internet, RootPEM: w.internet.RootPEM(),
		Programs: Programs(),
	})
	if err != nil {
		return nil, err
	}
	w.virtual = append(w.virtual, phone)
	return phone, phone.Listen(context.WithoutCancel(ctx), "127.0.0.1:0")
}

// startServer starts the private adb server, once.
func (w *World) startServer(ctx context.Context, log io.Writer) (err error) {
	if w.private != nil {
		return nil
	}
	home := filepath.Join(w.state, "adb")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("making a home for the adb server: %w", err)
	}
	if w.private, err = adb.StartPrivate(ctx, adb.PrivateOptions{Home: home, Log: log}); err != nil {
		return err
	}
	w.unwatch = w.private.KeepAlive(context.WithoutCancel(ctx), func(err error) {
		if log != nil {
			fmt.Fprintln(log, err)
		}
	})
	return nil
}

// Phones says how each phone is reached, in the order of devices.yaml.
func (w *World) Phones() []PhoneHandoff { return w.phones }

// Phone says how one phone is reached.
func (w *World) Phone(id string) (PhoneHandoff, bool) {
	h := Handoff{Phones: w.phones}
	return h.Phone(id)
}

// Scratch is a folder for what the runner of the specs leaves; it is gone at Close.
func (w *World) Scratch() string { return w.scratch }

// Progress is the folder in which workers leave live progress lines.
func (w *World) Progress() string { return filepath.Join(w.scratch, "progress") }

// Console is a file for what the runner of the specs prints: for messages, not for evidence.
func (w *World) Console() string { return filepath.Join(w.scratch, "ginkgo.log") }

// Lifeline is the path of the pipe that workers hold on to.
func (w *World) Lifeline() string { return w.lifeline.Path() }

// HandoffFile writes the handoff where workers will read it, and returns its path.
func (w *World) HandoffFile(h Handoff) (string, error) {
	raw, err := h.Encode()
	if err != nil {
		return "", fmt.Errorf("writing the handoff: %w", err)
	}
	path := filepath.Join(w.scratch, "handoff.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return "", fmt.Errorf("writing the handoff: %w", err)
	}
	return path, nil
}

// WriteManifests writes one leak manifest per virtual phone that this world started. It is called after the run was
// closed and never before: nothing that judges may know what the phones really did.
func (w *World) WriteManifests(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("writing leak manifests: %w", err)
	}
	for _, p := range w.virtual {
		f, err := os.OpenFile(filepath.Join(dir, p.Name()+".json"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("writing the leak manifest of %s: %w", p.Name(), err)
		}
		if err := errors.Join(p.WriteManifest(f), f.Close()); err != nil {
			return fmt.Errorf("writing the leak manifest of %s: %w", p.Name(), err)
		}
	}
	return nil
}

// Close ends everything that Open started.
func (w *World) Close() error {
	var errs []error
	if w.lifeline != nil {
		errs = append(errs, w.lifeline.Close())
	}
	if w.unwatch != nil {
		w.unwatch()
	}
	if w.private != nil {
		errs = append(errs, w.private.Close())
	}
	for _, p := range w.virtual {
		errs = append(errs, p.Close())
	}
	if w.internet != nil {
		errs = append(errs, w.internet.Close())
	}
	if w.scratch != "" {
		errs = append(errs, os.RemoveAll(w.scratch))
	}
	return errors.Join(errs...)
}
