package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// built and raced are folders with the three binaries of a run, made once for all tests that drive phones: as users have
// them, and with the race detector in them.
var (
	built = sync.OnceValues(func() (string, error) { return buildTools("-race=false") })
	raced = sync.OnceValues(func() (string, error) { return buildTools("-race=true") })
)

// toolsMade are the folders of what was built.
var toolsMade folders

// folders are made for all tests together, and removed when these are over.
type folders struct {
	mu   sync.Mutex
	made []string
}

func (f *folders) make(pattern string) (string, error) {
	dir, err := os.MkdirTemp("", pattern)
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.made = append(f.made, dir)
	}
	return dir, err
}

func (f *folders) remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, dir := range f.made {
		os.RemoveAll(dir)
	}
}

func buildTools(race string) (string, error) {
	dir, err := toolsMade.make("telltale-bin-")
	if err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{"build", race, "-o", filepath.Join(dir, "telltale"), "."},
		{"test", race, "-c", "-o", filepath.Join(dir, "scenarios.test"), "../../scenarios"},
		{"build", "-o", filepath.Join(dir, "ginkgo"), "github.com/onsi/ginkgo/v2/ginkgo"},
	} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			return "", errors.New(string(out) + err.Error())
		}
	}
	return dir, nil
}

// rig runs telltale as a user does, in a state directory of its own.
type rig struct {
	t     testing.TB
	bin   string
	state string
	out   string
	env   []string
}

func newRig(t *testing.T, tools func() (string, error)) *rig {
	t.Helper()
	if testing.Short() {
		t.Skip("drives virtual phones with the built binaries")
	}
	t.Parallel() // each run waits for its phones most of the time
	bin, err := tools()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, bin: bin, state: t.TempDir(), out: filepath.Join(t.TempDir(), "evidence")}
	t.Cleanup(r.awaitOrphans)
	return r
}

// awaitOrphans waits for what a killed telltale left running: it puts its phones back and then ends by itself, and
// until then it writes into the folders of the test.
func (r *rig) awaitOrphans() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(2 * time.Minute)
	for {
		found := r.orphans()
		if len(found) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Errorf("processes of the test live on: %q", found)
			return
		}
	}
}

// orphans are the command lines of processes that have the rig's state directory in their arguments or environment: what
// the test started, and what that started. Where there is no /proc they are not known.
func (r *rig) orphans() (out []string) {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		line, err := os.ReadFile(filepath.Join(p, "cmdline"))
		if err != nil || len(line) == 0 { // it has ended, and nobody has asked how
			continue
		}
		env, _ := os.ReadFile(filepath.Join(p, "environ"))
		if bytes.Contains(line, []byte(r.state)) || bytes.Contains(env, []byte(r.state)) {
			out = append(out, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return out
}

// command is telltale with arguments, not yet started.
func (r *rig) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(r.bin, "telltale"), append([]string{"--state", r.state}, args...)...)
	cmd.Env = append(append(os.Environ(), "HOME="+r.state), r.env...)
	return cmd
}

// telltale runs it to its end.
func (r *rig) telltale(args ...string) (code int, stdout, stderr string) {
	r.t.Helper()
	cmd := r.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		r.t.Fatal(err)
	}
	return code, out.String(), errs.String()
}

// bundle is the only bundle of the rig.
func (r *rig) bundle() string {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.out, "*"))
	if err != nil || len(found) != 1 {
		r.t.Fatalf("bundles: %v, %v", found, err)
	}
	return found[0]
}

// devices writes a devices.yaml with these phones.
func (r *rig) devices(phones string) string {
	r.t.Helper()
	file := filepath.Join(r.t.TempDir(), "devices.yaml")
	text := `version: 1
sites:
  control: control.telltale.test
  search: {duckduckgo: duckduckgo.com, google: www.google.com}
browsers:
  mi: {app: com.android.browser, search: duckduckgo}
  chrome: {app: com.android.chrome, search: google}
phones:
` + phones
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return file
}

// phone is the block of a virtual phone, with more lines appended.
func phoneBlock(id, personality, browser, more string) string {
	return "  - id: " + id + "\n    kind: virtual\n    personality: " + personality + "\n" +
		"    settle: {min: 500ms, max: 10s}\n    repeat: 1\n    trials: 0\n    allow: [force-stop]\n    browsers: [" + browser + "]\n" + more
}

// standIn is the upstream of a phone that the run starts itself.
const standIn = "    upstream: {resolve: stand-in, trust: stand-in}\n"
