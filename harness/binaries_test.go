package harness_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
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
