package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/record"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
)

// desk is what phones share: an adb server that is kept alive as a run keeps its own, an internet, a state directory.
type desk struct {
	state    string
	server   *adb.PrivateServer
	internet *internet.Internet
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{state: t.TempDir()}
	var err error
	if d.server, err = adb.StartPrivate(t.Context(), adb.PrivateOptions{Home: filepath.Join(d.state, "adb")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.server.Close() })
	t.Cleanup(d.server.KeepAlive(context.WithoutCancel(t.Context()), func(err error) { t.Log(err) }))
	if d.internet, err = internet.Start(internet.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.internet.Close() })
	return d
}

// driven is one phone, driven: what the oracle and the comparison need to know of it.
type driven struct {
	row      row
	phone    *virtual.Phone
	cells    []drivenCell
	verdicts leak.Verdicts
	log      []string
}

// drivenCell is a cell of it, with the time it took by the host's clock, in microseconds since 1970.
type drivenCell struct {
	cell
	key          leak.Key
	about        harness.About
	begun, ended int64
	opened       int64 // when its action began, after what was done to the phone before; 0 if it never did
	secrets      []leak.Secret
	windows      []window // that are compared
}

// window is one with the action of its cell, or without, by the host's clock, in microseconds since 1970.
type window struct {
	idle         bool
	begun, ended int64
}

// length is how far into the windows all are compared: as far as those with the action are, on average, no more than a
// twentieth longer than those without.
func (c drivenCell) length() int64 {
	alike := func(h int64) bool {
		var time, windows [2]float64
		for _, w := range c.windows {
			kind := 0
			if w.idle {
				kind = 1
			}
			time[kind] += float64(min(w.ended-w.begun, h))
			windows[kind]++
		}
		return time[0]/windows[0] <= 1.05*time[1]/windows[1]
	}
	least, most := int64(1<<62), int64(0)
	for _, w := range c.windows {
		least, most = min(least, w.ended-w.begun), max(most, w.ended-w.begun)
	}
	for least < most {
		if h := least + (most-least+1)/2; alike(h) {
			least = h
		} else {
			most = h - 1
		}
	}
	return least
}

const phoneID = "subject"

// drive runs a row from the lease to the last verdict, as a worker and the closer do.
func (d *desk) drive(t *testing.T, r row) (out driven, err error) {
	ctx := t.Context()
	out.row = r
	phone, err := virtual.New(virtual.Options{Personality: r.who, Name: phoneID, Seed: r.name, Internet: d.internet, RootPEM: d.internet.RootPEM()})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, phone.Close()) }()
	out.phone = phone
	if err := phone.Listen(ctx, "127.0.0.1:0"); err != nil {
		return out, err
	}
	config := r.config()
	bundle, err := evidence.Create(filepath.Join(t.TempDir(), "evidence"), "run", evidence.Inputs{
		Plan: r.plan(), Policy: r.policy(), Run: evidence.Run{Seed: r.name},
	})
	if err != nil {
		return out, err
	}
	dir, err := evidence.OpenPhone(bundle.Dir(), phoneID)
	if err != nil {
		return out, err
	}
	defer dir.Close()
	var talking sync.Mutex
	address := phone.Addr().String()
	lease, err := harness.Acquire(ctx, harness.Options{
		Profile: &config.Phones[0], ControlHost: config.Sites.Control, Policy: r.policy(), Repeat: max(r.made, 1),
		Seed: r.name, State: d.state, ADB: d.server.Addr, Serial: address, Address: address, RunBound: true,
		Resolve: d.internet.Addr(), TrustPEM: d.internet.RootPEM(), Names: d.internet.Names(),
		Bundle: bundle.FS(), Dir: dir, Trials: r.trials(), Bounds: harness.Bounds{Command: 20 * time.Second, Attach: r.patience(), Restore: r.putBack()},
		Progress: func(line string) {
			talking.Lock()
			defer talking.Unlock()
			out.log = append(out.log, line)
		},
	})
	if err != nil {
		return out, fmt.Errorf("leasing: %w", err)
	}
	for _, c := range r.cells {
		out.cells = append(out.cells, d.cell(ctx, lease, r, c, phone))
	}
	derr := lease.Drain(ctx)
	rerr := lease.Release(context.WithoutCancel(ctx))
	if !r.broken() {
		if err := errors.Join(derr, rerr); err != nil {
			return out, fmt.Errorf("draining and releasing: %w", err)
		}
	}
	secrets, err := readLines[leak.Secret](bundle.FS(), "phones/"+phoneID+"/secrets.jsonl")
	if err != nil {
		return out, err
	}
	for i := range out.cells {
		for _, s := range secrets {
			if s.Key == out.cells[i].key && s.Role != leak.SecretIdentifier {
				out.cells[i].secrets = append(out.cells[i].secrets, s)
			}
		}
	}
	if err := out.compares(bundle.FS(), dir.FS()); err != nil {
		return out, err
	}
	out.verdicts, err = leak.Judge(bundle.FS())
	return out, err
}

// compares reads when the windows were that are compared.
func (d *driven) compares(bundle, recording fs.FS) error {
	attempts, err := readLines[leak.Attempt](bundle, "phones/"+phoneID+"/attempts.jsonl")
	if err != nil {
		return err
	}
	r, err := record.Open(recording)
	if err != nil {
		return err
	}
	epoch := r.Epoch().UnixMicro()
	for i := range d.cells {
		for _, a := range attempts {
			if a.Key == d.cells[i].key && a.Trial != nil && a.Fault == nil {
				d.cells[i].windows = append(d.cells[i].windows, window{a.Trial.Kind == leak.TrialIdle, epoch + a.Window.Start, epoch + a.Window.End})
			}
		}
	}
	return nil
}

// cell drives one cell. Faults are in the recording; the oracle knows which ones the row brings about.
func (d *desk) cell(ctx context.Context, l *harness.Lease, r row, c cell, phone *virtual.Phone) drivenCell {
	out := drivenCell{cell: c, key: c.key(), begun: time.Now().UnixMicro()}
	defer func() { out.ended = time.Now().UnixMicro() }()
	s := l.Session(out.key)
	a := scenarioNamed(c.scenario).action(s, r.browser())
	out.about = a.About()
	if c.given.NoAttempt {
		return out
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &wrapped{Action: a, cell: c, struck: struck{phone: phone, cancel: cancel}}
	_, _ = s.Do(ctx, w)
	out.ended, out.opened = time.Now().UnixMicro(), w.opened
	out.about.Markers = slices.Concat(out.about.Markers, w.Learned())
	return out
}

// struck is what may be broken around an action.
type struck struct {
	phone  *virtual.Phone
	cancel context.CancelFunc
}

// wrapped is an action with something before and after it, inside its window.
type wrapped struct {
	harness.Action
	cell   cell
	struck struck
	opened int64 // when it first ran
}

// Learned is what the action learned, if it learns anything.
func (w *wrapped) Learned() []leak.Marker {
	if l, ok := w.Action.(harness.Learner); ok {
		return l.Learned()
	}
	return nil
}

func (w *wrapped) Run(ctx context.Context, d *harness.Driver) error {
	if w.opened == 0 {
		w.opened = time.Now().UnixMicro()
	}
	if w.cell.before != nil {
		if err := w.cell.before(ctx, d, w.struck); err != nil {
			return err
		}
	}
	if err := w.Action.Run(ctx, d); err != nil || w.cell.after == nil {
		return err
	}
	return w.cell.after(ctx, d, w.struck)
}

// trials are the windows that the cells of a row compare.
func (r row) trials() map[leak.Key]int {
	out := map[leak.Key]int{}
	for _, c := range r.cells {
		if c.trials > 0 {
			out[c.key()] = c.trials
		}
	}
	return out
}

// plan is the plan of a row.
func (r row) plan() []byte {
	p := leak.Plan{Schema: leak.Schema}
	for _, c := range r.cells {
		p.Cells = append(p.Cells, leak.Cell{Key: c.key(), Kind: profile.Virtual, Trials: c.trials})
	}
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err) // it is made of strings
	}
	return raw
}
