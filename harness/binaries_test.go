package harness_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// TestWhichCodeTheBrowsersAre reads what the evidence says of a browser's package. The phone has a second browser in its
// block that is not installed: that is said, and keeps nothing from being driven.
func TestWhichCodeTheBrowsersAre(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Leaky2020(), "leaky-2020")
	absent := r.options.Profile.Browsers[0]
	absent.ID, absent.App = "c", "com.example.absent"
	r.options.Profile.Browsers = append(r.options.Profile.Browsers, absent)
	l := r.lease()
	r.release(l)

	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/phone.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var lines []leak.Phone
	for line := range bytes.Lines(raw) {
		var p leak.Phone
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, p)
	}
	got := lines[0].Binaries
	if len(got) != 2 || len(got[0].SHA256) != 64 || len(got[0].Signers) != 1 || got[0].Scheme != 2 {
		t.Fatalf("%+v", got)
	}
	if diff := cmp.Diff([]string{"Sensors Analytics"}, got[0].Kits); diff != "" {
		t.Error(diff)
	}
	if got[1].Unknown == "" || got[1].SHA256 != "" {
		t.Errorf("of one that is not installed: %+v", got[1])
	}
	if last := lines[len(lines)-1]; last.At != "end" || last.Binaries != nil {
		t.Errorf("at the end: %+v", last)
	}
}

// A package up to the bound is looked into, and of one above it the reason is said: both ends of the copy, the adb service and
// the file, have the one bound, whose default is larger than any browser is.
func TestALargePackage(t *testing.T) {
	t.Parallel()
	if most := harness.FileLimit(harness.Bounds{}); most < 512<<20 {
		t.Errorf("adb copies no more than %d bytes", most)
	}
	r := newRig(t, personality.Leaky2020(), "leaky-2020")
	r.connected()
	files := r.phone.State().Files
	const path = "/system/app/browser/base.apk"
	small, err := files.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		size  int
		bound int64
		want  string
	}{
		{"up to the bound", 2 << 20, 2 << 20, ""},
		{"above it", 2<<20 + 1, 2 << 20, "over the limit: more than 2097152 bytes"},
	} {
		large := append(make([]byte, tt.size-len(small)), small...) // an archive is read from its end
		files.Install(path, large, 0o644)
		got := harness.BinaryOf(t.Context(), r.options, harness.Bounds{Package: tt.bound}, "com.android.browser")
		if tt.want == "" && (got.Unknown != "" || !slices.Contains(got.Kits, "Sensors Analytics")) {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if !strings.Contains(got.Unknown, tt.want) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	left, err := filepath.Glob(filepath.Join(r.options.State, "package-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
