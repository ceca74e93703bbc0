package harness_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
)

var update = flag.Bool("update", false, "write the golden files again")

// What doctor sends to a phone, whole: whoever changes it sees it here. `go test ./harness -run Explain -update`.
func TestExplain(t *testing.T) {
	browser := profile.Browser{ID: "chrome", App: "com.android.chrome", Search: "www.google.com"}
	p := &profile.Phone{ID: "redmi-note-8", Kind: profile.USB, Serial: "7c2d9a10", Expect: map[string]string{"ro.product.device": "ginkgo"}, Trust: "user", Browsers: []profile.Browser{browser}}
	scratch := t.TempDir()
	dir, err := evidence.OpenPhone(scratch, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	steps, err := harness.Explain(t.Context(), harness.Options{
		Profile: p, ControlHost: "control.telltale.test", Seed: "explained", State: filepath.Join(scratch, "state"),
		ADB: "127.0.0.1:1", Serial: p.Serial, Bundle: os.DirFS(scratch), Dir: dir, // nobody listens there: nothing can be sent
	})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, s := range steps {
		got.WriteString("# " + s.Name + "\n" + strings.Join(append(s.Commands, ""), "\n"))
	}
	const golden = "testdata/explain.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever a serial holds, it stays one word in what is printed for somebody to paste.
func TestExplainedSerialIsOneWord(t *testing.T) {
	p := &profile.Phone{ID: "p", Kind: profile.USB, Serial: "a b;$(reboot)'"}
	scratch := t.TempDir()
	dir, err := evidence.OpenPhone(scratch, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	steps, err := harness.Explain(t.Context(), harness.Options{Profile: p, State: filepath.Join(scratch, "state"), Serial: p.Serial, Bundle: os.DirFS(scratch), Dir: dir, ControlHost: "c.test"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(steps)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), `adb -s 'a b;$(reboot)'\\''' shell`) {
		t.Errorf("%s", raw)
	}
}

// With a rooted phone, films and a browser of each kind, everything that doctor may ask is asked; on paper all is well.
func TestExplainRooted(t *testing.T) {
	p := &profile.Phone{ID: "p", Kind: profile.USB, Serial: "7c2d9a10", Trust: "apex", Record: profile.Record{Video: true}, Browsers: []profile.Browser{
		{ID: "chrome", App: "com.android.chrome", Search: "www.google.com"}, {ID: "firefox", App: "org.mozilla.firefox", Search: "duckduckgo.com"}, {ID: "ddg", App: "com.duckduckgo.mobile.android", Search: "duckduckgo.com"},
	}}
	scratch := t.TempDir()
	dir, err := evidence.OpenPhone(scratch, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	steps, err := harness.Explain(t.Context(), harness.Options{Profile: p, State: filepath.Join(scratch, "state"), Serial: p.Serial, Bundle: os.DirFS(scratch), Dir: dir, ControlHost: "c.test"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(steps)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"am set-debug-app --persistent", "am clear-debug-app", "screenrecord --time-limit 1", "org.mozilla.fenix.OPEN_PRIVATE_TAB", "fenix://settings", "am force-stop org.mozilla.firefox", "nsenter", "its shell can become root"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("nothing says %q", want)
		}
	}
}
