package harness_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// rig is one virtual phone behind a real adb server, with all that a lease of it needs.
type rig struct {
	t        testing.TB
	phone    *virtual.Phone
	server   *adb.PrivateServer
	internet *internet.Internet
	bundle   *evidence.Bundle
	options  harness.Options
}

const phoneID = "subject"

// adbOptions are those of who looks at a phone from beside its lease.
var adbOptions = adb.Options{}

// desk is what phones share: an adb server that is kept alive as a run keeps its own, an internet, a state directory.
type desk struct {
	state    string
	server   *adb.PrivateServer
	internet *internet.Internet
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	if testing.Short() {
		t.Skip("drives a virtual phone through a real adb server")
	}
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

// newRig starts a phone of a personality. Catalogue entries are those of the shipped personality that is named.
func newRig(t *testing.T, who personality.Personality, shipped string, change ...func(*virtual.Options)) *rig {
	t.Helper()
	return newDesk(t).rig(t, who, shipped, adbd.NoAuth, change...)
}

func (d *desk) rig(t testing.TB, who personality.Personality, shipped string, auth adbd.AuthPolicy, change ...func(*virtual.Options)) *rig {
	t.Helper()
	server, web, state := d.server, d.internet, d.state
	o := virtual.Options{Personality: who, Name: phoneID, Internet: web, RootPEM: web.RootPEM(), Auth: auth}
	for _, c := range change {
		c(&o)
	}
	phone, err := virtual.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { phone.Close() })
	if err := phone.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	address := phone.Addr().String()
	config := configFor(who, shipped)
	r := &rig{t: t, phone: phone, server: server, internet: web}
	r.bundle = r.create(config)
	dir, err := evidence.OpenPhone(r.bundle.Dir(), phoneID)
	if err != nil {
		t.Fatal(err)
	}
	r.options = harness.Options{
		Profile: &config.Phones[0], ControlHost: config.Sites.Control, Policy: harness.ResolvePolicy(config, 0), Repeat: 1,
		Seed: "seed", State: state, ADB: server.Addr, Serial: address, Address: address, RunBound: true,
		Resolve: web.Addr(), TrustPEM: web.RootPEM(),
		Bundle: r.bundle.FS(), Dir: dir, Progress: func(line string) { t.Log(line) },
	}
	return r
}

// configFor is the devices.yaml of a rig: one phone, its first browser, short windows.
func configFor(who personality.Personality, shipped string) *profile.Config {
	all := []string{"com.android.browser", "com.android.chrome", firefox}
	app := all[max(0, slices.IndexFunc(all, func(pkg string) bool { _, ok := who.App(pkg); return ok }))]
	search := map[string]string{"com.android.browser": "duckduckgo.com", "com.android.chrome": "www.google.com", firefox: "duckduckgo.com"}[app]
	browser := profile.Browser{ID: "b", App: app, Search: search, SearchID: "engine"}
	return &profile.Config{
		Sites:    profile.Sites{Control: "control.telltale.test", Search: map[string]string{"engine": search}},
		Browsers: []profile.Browser{browser},
		Phones: []profile.Phone{{
			ID: phoneID, Kind: profile.Virtual, Personality: shipped, Trust: "user", Repeat: 1,
			Settle: profile.Settle{Min: 500 * time.Millisecond, Max: 15 * time.Second},
			Allow:  []string{"force-stop"}, Browsers: []profile.Browser{browser},
			Record: profile.Record{BodyCap: 64 << 10},
		}},
	}
}

// create makes the run's folder, with a plan of the one cell that the rig drives.
func (r *rig) create(config *profile.Config) *evidence.Bundle {
	plan, err := json.Marshal(leak.Plan{Schema: leak.Schema, Cells: []leak.Cell{{Key: r.searchKey(), Kind: profile.Virtual}}})
	if err != nil {
		r.t.Fatal(err)
	}
	b, err := evidence.Create(filepath.Join(r.t.TempDir(), "evidence"), "run", evidence.Inputs{Plan: plan, Policy: harness.ResolvePolicy(config, 0), Run: evidence.Run{Seed: "seed"}})
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *rig) searchKey() leak.Key {
	return leak.Key{Phone: phoneID, Browser: "b", Scenario: "private search", Variant: "private"}
}

// attach has the adb server know the phone before anybody asks for it.
func (r *rig) attach() {
	r.t.Helper()
	if err := r.server.Connect(r.t.Context(), r.options.Address); err != nil {
		r.t.Fatal(err)
	}
	if err := r.server.WaitState(r.t.Context(), r.options.Serial, adb.StateDevice); err != nil {
		r.t.Fatal(err)
	}
}

// lease leases the phone, and puts it back at the end of the test unless the test did.
func (r *rig) lease() *harness.Lease {
	r.t.Helper()
	l, err := harness.Acquire(r.t.Context(), r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

// browser is the rig's browser as a scenario sees it.
func (r *rig) browser() action.Browser {
	b := r.options.Profile.Browsers[0]
	entry, ok := r.options.Profile.App(b.App)
	if !ok {
		r.t.Fatalf("the catalogue does not know %s", b.App)
	}
	return action.Browser{ID: b.ID, App: b.App, SearchHost: b.Search, Entry: entry}
}

// search makes one private search in a cell, with wrap around its action.
func (r *rig) search(l *harness.Lease, wrap func(harness.Action) harness.Action) (*leak.Observation, error) {
	s := l.Session(r.searchKey())
	query := s.Canary("search query", r.browser().SearchHost)
	a := action.Search(r.browser(), query, action.Private)
	if wrap != nil {
		a = wrap(a)
	}
	return s.Do(r.t.Context(), a)
}

// codes lists the reasons of an observation's claims.
func codes(o *leak.Observation) []leak.Code {
	var out []leak.Code
	for _, c := range o.Verdict.Claims {
		for _, reason := range c.Reasons {
			if !slices.Contains(out, reason.Code) {
				out = append(out, reason.Code)
			}
		}
	}
	slices.Sort(out)
	return out
}

// attempts reads what was recorded of all attempts.
func (r *rig) attempts() []leak.Attempt {
	r.t.Helper()
	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/attempts.jsonl")
	if err != nil {
		r.t.Fatal(err)
	}
	var out []leak.Attempt
	for line := range bytes.Lines(raw) {
		var a leak.Attempt
		if err := json.Unmarshal(line, &a); err != nil {
			r.t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}
