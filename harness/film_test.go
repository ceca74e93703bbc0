package harness_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// videos are what lies of films on the rig's phone.
func (r *rig) videos() []string {
	r.t.Helper()
	files, err := r.phone.State().Files.ReadDir("/data/local/tmp")
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "telltale-video") {
			out = append(out, f.Name())
		}
	}
	return out
}

// TestFilm: an attempt is filmed if devices.yaml asks for it. The film is in the attempt's folder, whole, with its digest
// in attempts.jsonl; it ends with the window, and nothing of it stays on the phone.
func TestFilm(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.options.Profile.Record.Video = true
	l := r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	if seen, err := r.search(l, nil); err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Fatalf("%+v, %v", seen, err)
	}
	at := r.attempts()[len(r.attempts())-1]
	if len(at.Video) != 1 || at.Video[0].File != "actions/0002-search/video.mp4" {
		t.Fatalf("%+v", at.Video)
	}
	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/"+at.Video[0].File)
	sum := sha256.Sum256(raw)
	if err != nil || hex.EncodeToString(sum[:]) != at.Video[0].SHA256 || int64(len(raw)) != at.Video[0].Bytes || !strings.Contains(string(raw), "moov") {
		t.Errorf("%d bytes, %v; %+v", len(raw), err, at.Video[0])
	}
	if left := r.phone.State().Processes.Named("screenrecord"); len(left) > 0 {
		t.Errorf("it still films: %+v", left)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := r.videos(); len(left) > 0 {
		t.Errorf("on the phone are %q", left)
	}
}

// TestFilmOfAFault: the link drops while an attempt is filmed. Its film stays whole on the phone, and comes home when the
// phone is back; the attempt that was made again has a film of its own.
func TestFilmOfAFault(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.options.Profile.Record.Video = true
	l := r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	dropped := false
	_, err := r.search(l, func(a harness.Action) harness.Action {
		return after{a, func() {
			if !dropped {
				dropped = true
				r.phone.ADB().DropLinks()
			}
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := fs.Glob(r.bundle.FS(), "phones/"+phoneID+"/actions/*-search/video.mp4")
	if err != nil || len(all) != 2 {
		t.Errorf("%q, %v", all, err)
	}
	if last := r.attempts()[len(r.attempts())-1]; last.RetryOf == 0 || len(last.Video) != 1 {
		t.Errorf("%+v", last)
	}
}

// A phone that cannot film is driven all the same, and the journal says why there is no film.
func TestNoFilm(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.options.Profile.Record.Video = true
	l := r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	r.phone.State().Files.SetCapacity(32 << 20)
	seen, err := r.search(l, nil)
	if err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Fatalf("%+v, %v", seen, err)
	}
	journal, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/journal.jsonl")
	if err != nil || !strings.Contains(string(journal), "a film needs") {
		t.Errorf("the journal does not say why: %v", err)
	}
}

// TestFilmOfAKilledRun: a run that is gone on with brings home what it had filmed when it died, and takes it from the phone.
func TestFilmOfAKilledRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.options.Profile.Record.Video, r.options.RunBound = true, false
	l := r.lease()
	if _, err := r.search(l, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := "/data/local/tmp/telltale-video-" + l.FilmRun() + "-7-search-2.mp4"
	for _, name := range []string{left, "/data/local/tmp/telltale-video-0123456789abcdef-8-search-1.mp4"} {
		if err := r.phone.State().Files.Write(name, []byte("a film"), 0o660, false); err != nil {
			t.Fatal(err)
		}
	}
	l = r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/actions/0007-search/video-2.mp4")
	if err != nil || string(raw) != "a film" {
		t.Errorf("%q, %v", raw, err)
	}
	if _, err := r.phone.State().Files.Stat(left, true); err == nil {
		t.Error("it is still on the phone")
	}
	if _, err := fs.Stat(r.bundle.FS(), "phones/"+phoneID+"/actions/0008-search"); err == nil {
		t.Error("the film of another run was taken")
	}
}

// TestFilmsDoNotMeet begins a film while another goes on, which a fault may have left so, and ends it at once, many times
// over: the first has ended with its one part, and nothing films on. Once screenrecord listens so late that it does not hear
// the first interrupt.
func TestFilmsDoNotMeet(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.attach()
	d := r.server.Device(r.options.Serial, adb.Options{})
	base := func(name string) string { return "/data/local/tmp/telltale-video-" + name }
	for n := range 8 {
		r.phone.State().Faults.Set(phone.Faults{})
		if n == 1 {
			r.phone.State().Faults.Set(phone.Faults{Slow: map[string]time.Duration{"screenrecord": 400 * time.Millisecond}})
		}
		first, end := harness.FilmScripts(base("first"), 180)
		second, _ := harness.FilmScripts(base("second"), 180)
		steps := []string{first, second, end}
		if n%2 == 0 {
			steps = []string{first, second, "while [ ! -e " + base("second") + "-1.mp4 ]; do sleep 0.02; done", end}
		}
		for _, script := range steps {
			if _, err := d.Script(t.Context(), script); err != nil {
				t.Fatal(err)
			}
		}
		if left := r.phone.State().Processes.Named("screenrecord"); len(left) > 0 {
			t.Fatalf("it still films: %+v", left)
		}
		if left := r.videos(); slices.ContainsFunc(left, func(name string) bool { return !strings.HasSuffix(name, "-1.mp4") }) {
			t.Fatalf("on the phone are %q", left)
		}
		if _, err := d.Script(t.Context(), "rm -f "+base("*")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFilmGoesOnInParts: when a part has its length, the next begins; each is whole, and the end ends the last.
func TestFilmGoesOnInParts(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.attach()
	d := r.server.Device(r.options.Serial, adb.Options{})
	begin, end := harness.FilmScripts("/data/local/tmp/telltale-video-x", 1)
	if _, err := d.Script(t.Context(), begin); err != nil {
		t.Fatal(err)
	}
	for !slices.Contains(r.videos(), "telltale-video-x-3.mp4") {
		if t.Context().Err() != nil {
			t.Fatal("no third part")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if _, err := d.Script(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	if left := r.phone.State().Processes.Named("screenrecord"); len(left) > 0 {
		t.Errorf("it still films: %+v", left)
	}
	parts := r.videos()
	if len(parts) < 3 || parts[0] != "telltale-video-x-1.mp4" {
		t.Errorf("on the phone are %q", parts)
	}
	for _, name := range parts {
		film, err := r.phone.State().Files.Read("/data/local/tmp/" + name)
		if err != nil || !strings.Contains(string(film), "moov") {
			t.Errorf("%s is not whole: %d bytes, %v", name, len(film), err)
		}
	}
}
