package shell_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// screenrecord keeps to the bounds of AOSP's, and finishes its file when its time is over or it is interrupted; killed it
// leaves one without an index.
func TestScreenrecord(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	for _, c := range []struct{ line, says string }{
		{"screenrecord", "Must specify output file"},
		{"screenrecord --time-limit 181 /sdcard/x.mp4", "Time limit 181s outside acceptable range [1,180]"},
		{"screenrecord --time-limit 0 /sdcard/x.mp4", "outside acceptable range"},
		{"screenrecord --bit-rate 5 /sdcard/x.mp4", "Bit rate 5bps outside acceptable range"},
		{"screenrecord --size big /sdcard/x.mp4", "Invalid size"},
		{"screenrecord --nonsense /sdcard/x.mp4", "unrecognized option"},
		{"screenrecord /nowhere/x.mp4", "unable to open"},
	} {
		if _, errs, code := r.run(t, c.line, ""); code == 0 || !strings.Contains(errs, c.says) {
			t.Errorf("%s: %q, exit status %d", c.line, errs, code)
		}
	}
	for _, c := range []struct {
		name, line string
		whole      bool
	}{
		{"its time is over", "screenrecord --time-limit 1 /sdcard/m.mp4", true},
		{"waited for in the background", "screenrecord --time-limit 1 /sdcard/m.mp4 >/dev/null 2>&1 & wait $!", true},
		{"interrupted", "screenrecord --time-limit=180 /sdcard/m.mp4 >/dev/null 2>&1 & p=$!; until pidof screenrecord >/dev/null; do sleep 0.02; done; sleep 0.3; kill -INT $p; while kill -0 $p 2>/dev/null; do sleep 0.02; done", true},
		{"interrupted before it listens, and twice after", "{ sleep 0.2; screenrecord /sdcard/m.mp4; } >/dev/null 2>&1 & p=$!; kill -INT $p; until pidof screenrecord >/dev/null; do sleep 0.02; done; sleep 0.3; kill -INT $p; kill -INT $p 2>/dev/null; while kill -0 $p 2>/dev/null; do sleep 0.02; done", true},
		{"killed", "screenrecord /sdcard/m.mp4 >/dev/null 2>&1 & p=$!; until pidof screenrecord >/dev/null; do sleep 0.02; done; sleep 0.3; kill -9 $p; while kill -0 $p 2>/dev/null; do sleep 0.02; done", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			if _, errs, code := r.run(t, "rm -f /sdcard/m.mp4; "+c.line, ""); errs != "" {
				t.Errorf("%q, exit status %d", errs, code)
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %s", took)
			}
			film, err := r.phone.Files.Read("/sdcard/m.mp4")
			if err != nil {
				t.Fatal(err)
			}
			boxes := boxesOf(t, film)
			if whole := strings.Join(boxes, " ") == "ftyp mdat moov"; whole != c.whole || boxes[0] != "ftyp" {
				t.Errorf("%q", boxes)
			}
			if c.whole && !bytes.Contains(film, []byte("\x89PNG\r\n\x1a\n")) {
				t.Error("it has no picture")
			}
		})
	}
}

// boxesOf lists the boxes of an MP4 file, which must fill it.
func boxesOf(t *testing.T, film []byte) (kinds []string) {
	t.Helper()
	for len(film) > 0 {
		if len(film) < 8 || int(binary.BigEndian.Uint32(film)) > len(film) || binary.BigEndian.Uint32(film) < 8 {
			t.Fatalf("after %q: %d bytes are no box", kinds, len(film))
		}
		kinds = append(kinds, string(film[4:8]))
		film = film[binary.BigEndian.Uint32(film):]
	}
	return kinds
}
