package harness_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// portrait is what a run may change on the rig's phone.
func (r *rig) portrait() []string {
	s := r.phone.State()
	var out []string
	for _, ns := range []string{phone.Global, phone.Secure, phone.System} {
		for _, p := range s.Settings.List(ns) {
			out = append(out, ns+" "+p.Name+"="+p.Value)
		}
	}
	host, _, _ := s.Proxy.Effective()
	return append(out, "effective proxy "+host)
}

// crash is a run that is gone: its journal stays open, and the phone as it was driven.
func (r *rig) crash() *harness.Undo {
	r.t.Helper()
	l := r.lease()
	r.t.Cleanup(func() { l.Release(context.WithoutCancel(r.t.Context())) })
	l.FallSilent()
	undo, err := harness.OpenUndo(r.options.State, r.options.Serial)
	if err != nil {
		r.t.Fatal(err)
	}
	return undo
}

// TestRestoreKilledAnywhere ends a restoration after each of its commands in turn, and then makes it whole: whatever the
// phone had of its own before is there again.
func TestRestoreKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		setUp func(s *phone.Settings)
	}{
		{"no proxy", func(*phone.Settings) {}},
		{"a proxy cleared before", func(s *phone.Settings) { s.Put(phone.Global, "http_proxy", ":0") }},
		{"a proxy of its own", func(s *phone.Settings) { s.Put(phone.Global, "http_proxy", "proxy.office.test:3128") }},
		{"a proxy of its own whose setting is gone", func(s *phone.Settings) {
			s.Put(phone.Global, "http_proxy", "proxy.office.test:3128")
			s.Delete(phone.Global, "http_proxy")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, personality.Clean(), "clean")
			tt.setUp(r.phone.State().Settings)
			before := r.portrait()
			r.crash()
			away := r.portrait()
			if slices.Equal(before, away) {
				t.Fatal("a run changed nothing: nothing is shown by putting it back")
			}
			ended := false
			for after := 1; !ended; after++ {
				ctx, cancel := context.WithCancel(t.Context())
				n := 0
				d := adb.Server{Addr: r.server.Addr}.Device(r.options.Serial, adb.Options{Journal: func(adb.Command) {
					if n++; n >= after {
						cancel()
					}
				}})
				undo, err := harness.OpenUndo(r.options.State, r.options.Serial)
				if err != nil || len(undo.Entries()) == 0 {
					t.Fatalf("killed after %d commands the journal is gone: %v", after, err)
				}
				ended = harness.Restore(ctx, d, undo) == nil
				cancel()
				if after > 200 {
					t.Fatal("it never ends")
				}
			}
			if diff := changed(before, r.portrait()); len(diff) > 0 {
				t.Errorf("not as before: %q", diff)
			}
		})
	}
}

// Two runs that died one after the other: the first value counts, whichever order they wrote in.
func TestRestoreAfterTwoCrashes(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.phone.State().Settings.Put(phone.Global, "http_proxy", "proxy.office.test:3128")
	before := r.portrait()
	undo := r.crash()
	for _, e := range undo.Entries() { // a second run that died before it could replay the first one's journal
		now, _ := r.phone.State().Settings.Get(e.Namespace, e.Key)
		e.Old = &now
		if err := undo.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	again, err := harness.OpenUndo(r.options.State, r.options.Serial)
	if err != nil || len(again.Entries()) != 2*len(harness.ChangedSettings(again)) {
		t.Fatalf("%d entries, %v", len(again.Entries()), err)
	}
	if err := harness.Restore(t.Context(), r.server.Device(r.options.Serial, adb.Options{}), again); err != nil {
		t.Fatal(err)
	}
	if diff := changed(before, r.portrait()); len(diff) > 0 {
		t.Errorf("not as before: %q", diff)
	}
}

// After a reboot a phone with a PIN has no shared storage until it was unlocked once, and `rm -f` of what is not there succeeds.
func TestRestoreBeforeTheFirstUnlock(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	device, files := r.connected(), r.phone.State().Files
	undo, err := harness.OpenUndo(r.options.State, r.options.Serial)
	if err != nil {
		t.Fatal(err)
	}
	d := &harness.Driver{Device: device, Remember: func(what, script string) error {
		return undo.Add(harness.UndoEntry{Serial: r.options.Serial, Phone: phoneID, Namespace: "script", Key: what, Script: script})
	}}
	const folder = "/sdcard/quokka gantry"
	if err := d.MakeFolder(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	files.Link("/storage/self/primary", "/storage/emulated/none")
	if err := harness.Restore(t.Context(), device, undo); err == nil || !strings.Contains(err.Error(), "unlock it") || len(undo.Entries()) == 0 {
		t.Errorf("without its storage: %v, %d entries", err, len(undo.Entries()))
	}
	files.Link("/storage/self/primary", "/storage/emulated/0")
	if err := harness.Restore(t.Context(), device, undo); err != nil || len(undo.Entries()) != 0 {
		t.Errorf("with its storage: %v, %d entries", err, len(undo.Entries()))
	}
	if _, err := files.Stat(folder, true); err == nil {
		t.Error("the folder is left on the phone")
	}
}

// A proxy of ours without a journal (another computer's run, a lost state directory) is not put back: nobody listens.
func TestOurOwnLeftoverIsForgotten(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	before := r.portrait()
	r.phone.State().Settings.Put(phone.Global, "http_proxy", "127.0.0.1:18080")
	l := r.lease()
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := changed(before, r.portrait()); len(diff) > 0 {
		t.Errorf("not as before the leftover: %q", diff)
	}
}

// changed lists what one portrait has and the other has not.
func changed(before, after []string) []string {
	var out []string
	for _, s := range before {
		if !slices.Contains(after, s) {
			out = append(out, "-"+s)
		}
	}
	for _, s := range after {
		if !slices.Contains(before, s) {
			out = append(out, "+"+s)
		}
	}
	return out
}
