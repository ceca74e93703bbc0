package apps

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

type rig struct {
	*System
	record *manifest.Recorder
}

// newRig boots the apps of a personality on a stand-in internet.
func newRig(t *testing.T, p personality.Personality) *rig {
	t.Helper()
	web, err := internet.Start(internet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(web.RootPEM())
	var packages []phone.Package
	for _, a := range p.Apps {
		packages = append(packages, phone.Package{Name: a.Package, UID: a.UID, Launcher: a.Activity, Label: a.Label})
	}
	state := phone.New(phone.Options{Identity: phone.NewIdentity("apps"), Props: p.Props, Screen: p.Screen, Packages: packages})
	record := manifest.NewRecorder("apps", p.Name)
	s := New(Options{Phone: state, Network: network.New(network.Options{Proxy: state.Proxy.Effective, Internet: web}), Roots: roots, Personality: p, Recorder: record})
	t.Cleanup(func() { state.Close(); s.Close(); _ = web.Close() })
	return &rig{s, record}
}

// view waits for a view with an id or a text.
func (r *rig) view(t *testing.T, what string) *screen.View {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(3 * time.Millisecond) {
		if v := r.find(what); v != nil {
			return v
		}
		if time.Now().After(end) {
			xml, _ := r.Frame().Dump(true)
			t.Fatalf("no %q on %s", what, xml)
		}
	}
}

// find looks for a view with an id (the last part is enough), a text or a description.
func (r *rig) find(what string) *screen.View {
	for _, w := range r.Frame().Windows {
		if v := w.Root.Find(func(v *screen.View) bool {
			return v.Text == what || v.Desc == what || v.ID != "" && (v.ID == what || strings.HasSuffix(v.ID, ":id/"+what))
		}); v != nil {
			return v
		}
	}
	return nil
}

func (r *rig) tap(t *testing.T, what string) {
	t.Helper()
	c := r.view(t, what)
	m := c.Bounds.Min.Add(c.Bounds.Max).Div(2)
	r.Tap(m.X, m.Y)
}

func (r *rig) start(t *testing.T, in Intent) Started {
	t.Helper()
	s, err := r.Start(in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (r *rig) shows(text string) bool {
	xml, _ := r.Frame().Dump(false)
	return strings.Contains(string(xml), text)
}

func (r *rig) eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !cond(); time.Sleep(3 * time.Millisecond) {
		if time.Now().After(end) {
			xml, _ := r.Frame().Dump(true)
			t.Fatalf("in vain: %s; on screen: %s", what, xml)
		}
	}
}

func (r *rig) focus() string { return r.Frame().Focus().Title }

func poolOf(t *testing.T, pem []byte) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate")
	}
	return pool
}
