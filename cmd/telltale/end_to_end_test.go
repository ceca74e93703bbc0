package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// truth is what a phone's manifest says should be the outcome of a cell: what its apps really sent, where to, and
// whether anybody on the way could read it.
func truth(t *testing.T, m manifest.Manifest, cell leak.Key, canaries map[string]string, markers []string) leak.Outcome {
	t.Helper()
	if m.Dropped > 0 {
		t.Fatal("the manifest is not whole")
	}
	out := leak.Clean
	for _, e := range m.Entries {
		concerns := false
		switch e.Kind {
		case manifest.Query, manifest.URL:
			for _, v := range canaries {
				concerns = concerns || strings.Contains(e.Value, v) || strings.Contains(e.Value, strings.ReplaceAll(v, " ", "+")) || strings.Contains(e.Value, strings.ReplaceAll(v, " ", "%20"))
			}
		case manifest.Page, manifest.Activity:
			for _, v := range markers {
				concerns = concerns || strings.Contains(e.Value, v)
			}
		}
		if !concerns || e.Attempts == 0 {
			continue
		}
		switch {
		case e.Delivered && e.Readable && e.Via == manifest.Proxy:
			return leak.Leaked
		default: // refused, encrypted, or around the proxy: it may have been sent, and nobody could see what
			out = leak.Inconclusive
		}
	}
	return out
}

// lines reads a .jsonl file.
func lines[T any](t *testing.T, path string) []T {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	for line := range bytes.Lines(raw) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, v)
	}
	return out
}

// compare holds every final verdict of a closed bundle against the manifests.
func compare(t *testing.T, bundle string, manifests map[string]manifest.Manifest) leak.Verdicts {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(bundle, "verdicts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v leak.Verdicts
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Cells) == 0 || !v.Complete {
		t.Fatalf("%d cells, complete: %v", len(v.Cells), v.Complete)
	}
	for _, c := range v.Cells {
		dir := filepath.Join(bundle, "phones", c.Phone)
		canaries := map[string]string{}
		for _, s := range lines[leak.Secret](t, filepath.Join(dir, "secrets.jsonl")) {
			if s.Key == c.Key && s.Role != leak.SecretIdentifier {
				canaries[s.ID] = s.Value
			}
		}
		var markers []string
		for _, a := range lines[leak.Attempt](t, filepath.Join(dir, "attempts.jsonl")) {
			for _, m := range a.Markers {
				if a.Key == c.Key && !slices.Contains(markers, m.Text) {
					markers = append(markers, m.Text)
				}
			}
		}
		m, ok := manifests[c.Phone]
		if !ok {
			t.Fatalf("no manifest of %s", c.Phone)
		}
		if want := truth(t, m, c.Key, canaries, markers); c.Outcome != want {
			t.Errorf("%s, %s, %s: the verdict is %s, the manifest says %s\n%+v", c.Phone, c.Scenario, c.Browser, c.Outcome, want, c.Claims)
		}
		for claim, verdict := range c.Claims {
			for _, f := range verdict.Findings {
				if !slices.ContainsFunc(m.Entries, func(e manifest.Entry) bool { return e.Host == f.Host && e.Delivered }) {
					t.Errorf("%s, %s: a finding at %s, to which the phone sent nothing it should not have", c.Phone, claim, f.Host)
				}
			}
		}
	}
	return v
}

// TestRunAgainstManifests runs the shipped phones the way `make run` does, and compares every verdict with the truth.
func TestRunAgainstManifests(t *testing.T) {
	r := newRig(t, raced)
	file := r.devices(phoneBlock("leaky-2020", "leaky-2020", "mi", standIn) + phoneBlock("clean", "clean", "chrome", standIn) + phoneBlock("pinned", "pinned", "mi", standIn))
	dir := t.TempDir()
	code, stdout, stderr := r.telltale("run", "--devices", file, "--filter", "smoke", "--out", r.out, "--manifests", dir)
	if code != exitLeaked {
		t.Fatalf("exit status %d, want %d\n%s\n%s", code, exitLeaked, stdout, stderr)
	}
	manifests := map[string]manifest.Manifest{}
	for _, id := range []string{"leaky-2020", "clean", "pinned"} {
		f, err := os.Open(filepath.Join(dir, id+".json"))
		if err != nil {
			t.Fatal(err)
		}
		manifests[id], err = manifest.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	v := compare(t, r.bundle(), manifests)
	want := map[string]leak.Outcome{"leaky-2020": leak.Leaked, "clean": leak.Clean, "pinned": leak.Inconclusive}
	for _, c := range v.Cells {
		if c.Scenario == "private search" && c.Outcome != want[c.Phone] {
			t.Errorf("private search on %s is %s, want %s", c.Phone, c.Outcome, want[c.Phone])
		}
		if c.Phone == "pinned" && c.Scenario != "private search" && c.Outcome != leak.Clean {
			t.Errorf("%s on pinned is %s: its system service sends nothing", c.Scenario, c.Outcome)
		}
	}
	for _, text := range []string{"form data_list > base64 > gzip > json", "sa.api.intl.miui.com", "opaque-flow", "com.android.browser", "- {app: ", "VIRTUAL PHONES"} {
		if !strings.Contains(stdout, text) {
			t.Errorf("the table does not show %q:\n%s", text, stdout)
		}
	}
	if code, stdout, stderr := r.telltale("verify", r.bundle()); code != 0 {
		t.Errorf("verify ended %d\n%s%s", code, stdout, stderr)
	}
	rejudge(t, r)
}

// rejudge computes the verdicts again, elsewhere, under other circumstances, with the phones gone.
func rejudge(t *testing.T, r *rig) {
	t.Helper()
	stored, err := os.ReadFile(filepath.Join(r.bundle(), "verdicts.json"))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "another name")
	if err := os.CopyFS(copied, os.DirFS(r.bundle())); err != nil {
		t.Fatal(err)
	}
	for _, env := range [][]string{
		{"GOMAXPROCS=1", "TZ=UTC", "LANG=C"},
		{"GOMAXPROCS=2", "TZ=Asia/Shanghai", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8"},
	} {
		cmd := r.command("judge", copied, "--json")
		cmd.Env = append(cmd.Env, env...)
		out, _ := cmd.Output() // it ends with the verdict's code
		if code := cmd.ProcessState.ExitCode(); code != exitLeaked || !bytes.Equal(bytes.TrimSpace(out), bytes.TrimSpace(stored)) {
			t.Errorf("with %v judge ended %d, and %d bytes differ from the stored %d", env, code, len(out), len(stored))
		}
	}
}

// served is a virtual phone of a personality of the test's own, in this process, and its block for devices.yaml.
func (r *rig) served(id string, who personality.Personality, shipped, browser, more string, change ...func(*virtual.Options)) (*virtual.Phone, string) {
	r.t.Helper()
	web, err := internet.Start(internet.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { web.Close() })
	o := virtual.Options{Personality: who, Name: id, Internet: web, RootPEM: web.RootPEM()}
	for _, c := range change {
		c(&o)
	}
	phone, err := virtual.New(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { phone.Close() })
	if err := phone.Listen(r.t.Context(), "127.0.0.1:0"); err != nil {
		r.t.Fatal(err)
	}
	pem := filepath.Join(r.t.TempDir(), "root.pem")
	if err := os.WriteFile(pem, web.RootPEM(), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return phone, phoneBlock(id, shipped, browser, fmt.Sprintf("    address: %s\n    upstream: {resolve: '%s', trust: %s}\n", phone.Addr(), web.Addr(), pem)+more)
}

// TestLeaksAddedAndRemoved changes one thing in a personality at a time; the expectation comes from its manifest alone.
func TestLeaksAddedAndRemoved(t *testing.T) {
	search := personality.Leak{App: "com.android.chrome", On: []personality.Trigger{personality.OnSearch}, Private: true, URL: personality.OneTrackURL, Encoding: "onetrack", Trust: network.TrustUser}
	for _, tc := range []struct {
		name    string
		who     func() personality.Personality
		shipped string
		browser string
		want    leak.Outcome
		code    int
	}{
		{"leaky without its leaks", func() personality.Personality { p := personality.Leaky2020(); p.Leaks = nil; return p }, "leaky-2020", "mi", leak.Clean, exitClean},
		{"clean with a leak", func() personality.Personality {
			p := personality.Clean()
			p.Leaks = []personality.Leak{search}
			return p
		}, "clean", "chrome", leak.Leaked, exitLeaked},
		{"clean with a leak outside of the private mode only", func() personality.Personality {
			p := personality.Clean()
			l := search
			l.Private = false
			p.Leaks = []personality.Leak{l}
			return p
		}, "clean", "chrome", leak.Clean, exitClean},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, built)
			phone, block := r.served("subject", tc.who(), tc.shipped, tc.browser, "")
			code, stdout, stderr := r.telltale("run", "--devices", r.devices(block), "--filter", "smoke", "--out", r.out)
			if code != tc.code {
				t.Errorf("exit status %d, want %d\n%s\n%s", code, tc.code, stdout, stderr)
			}
			v := compare(t, r.bundle(), map[string]manifest.Manifest{"subject": phone.Manifest()})
			if v.Outcome != tc.want {
				t.Errorf("the run is %s, want %s\n%s", v.Outcome, tc.want, stdout)
			}
		})
	}
}

// TestLateBatch holds a batch back until the browser leaves the screen, long after its window: the action is clean at
// first, and leaked in the end, and the exit code with it. Its phone is locked, and the PIN is in the environment alone.
func TestLateBatch(t *testing.T) {
	r := newRig(t, built)
	const pin = "73519264"
	r.env = []string{"TELLTALE_TEST_PIN=" + pin}
	who := personality.Leaky2020()
	who.Leaks = who.Leaks[:1]
	who.Leaks[0].On = []personality.Trigger{personality.OnSearch}
	who.Leaks[0].Flush, who.Leaks[0].Background = -1, true
	phone, block := r.served("subject", who, "leaky-2020", "mi", "    unlock: {pin_env: TELLTALE_TEST_PIN}\n")
	phone.State().Power.SetPIN(pin)
	code, stdout, stderr := r.telltale("run", "--devices", r.devices(block), "--filter", "action:search && variant:private", "--out", r.out)
	if code != exitLeaked {
		t.Errorf("exit status %d, want %d\n%s\n%s", code, exitLeaked, stdout, stderr)
	}
	if !strings.Contains(stdout, "the spec passed, the final verdict is leaked: a late upload to sa.api.intl.miui.com") {
		t.Errorf("the table does not say that the leak came late:\n%s", stdout)
	}
	provisional := lines[struct {
		Verdict leak.CellVerdict `json:"verdict"`
	}](t, filepath.Join(r.bundle(), "phones", "subject", "results.jsonl"))
	if len(provisional) != 1 || provisional[0].Verdict.Outcome != leak.Clean {
		t.Errorf("provisional verdicts %+v, want one that is clean", provisional)
	}
	v := compare(t, r.bundle(), map[string]manifest.Manifest{"subject": phone.Manifest()})
	if len(v.Cells) != 1 || v.Cells[0].Outcome != leak.Leaked || !v.Cells[0].Claims[leak.ClaimContent].Findings[0].Late {
		t.Errorf("the final verdict is %+v, want leaked by a late finding", v.Cells)
	}
	for name, text := range r.written(stdout, stderr) {
		if strings.Contains(text, pin) {
			t.Errorf("the PIN is in %s", name)
		}
	}
}

// written is all that a run leaves: its folder, the state directory, what it printed.
func (r *rig) written(stdout, stderr string) map[string]string {
	r.t.Helper()
	out := map[string]string{"standard output": stdout, "standard error": stderr}
	for _, dir := range []string{r.out, r.state} {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(name)
			out[name] = string(raw)
			return err
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return out
}

// TestAcceptedDestination pastes the line that an inconclusive verdict offers, and gets `clean, except`.
func TestAcceptedDestination(t *testing.T) {
	tools := built
	if runtime.GOOS == "linux" { // without the relay, whose a refused connection was may stay unknown on a busy computer
		tools = withRelay
	}
	r := newRig(t, tools)
	file := r.devices(phoneBlock("pinned", "pinned", "mi", standIn))
	code, stdout, stderr := r.telltale("run", "--devices", file, "--filter", "smoke", "--out", r.out)
	if code != exitInconclusive {
		t.Fatalf("exit status %d, want %d\n%s\n%s", code, exitInconclusive, stdout, stderr)
	}
	var offered string
	for line := range strings.Lines(stdout) {
		if at := strings.Index(line, "- {app: "); at >= 0 {
			offered = strings.TrimSpace(line[at:])
		}
	}
	if offered == "" {
		t.Fatalf("no line to paste:\n%s", stdout)
	}
	dir := t.TempDir()
	r.out = filepath.Join(t.TempDir(), "evidence")
	file = r.devices(phoneBlock("pinned", "pinned", "mi", standIn+"    accept:\n      "+offered+"\n"))
	code, stdout, stderr = r.telltale("run", "--devices", file, "--filter", "smoke", "--out", r.out, "--manifests", dir)
	if code != exitClean || !strings.Contains(stdout, "clean, except") {
		t.Fatalf("exit status %d, want %d and `clean, except`\n%s\n%s", code, exitClean, stdout, stderr)
	}
	// What was not found must have gone to a destination that the verdict lists.
	f, err := os.Open(filepath.Join(dir, "pinned.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := manifest.Read(f)
	if err != nil || len(m.Entries) == 0 {
		t.Fatalf("%d entries, %v", len(m.Entries), err)
	}
	for _, e := range m.Entries {
		if !strings.Contains(offered, e.Host) {
			t.Errorf("a leak to %s is covered by no exception: %s", e.Host, offered)
		}
	}
}
