package harness_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// nasty are pieces of text that a shell would act on, if it were given them as anything but data. Each command leaves a
// mark.
var nasty = []string{
	"'", `"`, "`touch /data/local/tmp/struck`", "$(touch /data/local/tmp/struck)", ";touch /data/local/tmp/struck;", "\ntouch /data/local/tmp/struck\n",
	"&& touch /data/local/tmp/struck", "| touch /data/local/tmp/struck", ">/data/local/tmp/struck", "$(settings put global struck 1)", "'; settings put global struck 1; '",
	"'\"'\"'", "${HOME}", "$0", "*", "?", "~", "[a]", "{a,b}", "\\", "\\'", "%s", "%", "!", "#", "-", "--", "-n", "=", " ", "  ", "\t", "\rx", "\x01", "\x7f",
	"é", "漢字", "🙂", "\u202e", "\u200b", "\u2028", "a", "Z9",
}

// hostileText joins up to six of them.
func hostileText(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(6) {
		b.WriteString(nasty[r.IntN(len(nasty))])
	}
	return b.String()
}

// TestHostileTextIsData: whatever serials, package names, addresses, names of folders and canaries hold, it reaches the
// phone as that very text, and does nothing there or here.
func TestHostileTextIsData(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Leaky2020(), "leaky-2020")
	ctx := t.Context()
	if err := (adb.Server{Addr: r.server.Addr}).Connect(ctx, r.options.Address); err != nil {
		t.Fatal(err)
	}
	d := r.server.Device(r.options.Serial, adb.Options{})
	s := r.phone.State()
	boot, err := d.BootID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Files.Write("/data/local/tmp/bystander", []byte("x"), 0o644, false); err != nil {
		t.Fatal(err)
	}
	var undo []string
	driver := &harness.Driver{Device: d, Remember: func(_, script string) error { undo = append(undo, script); return nil }}
	const seed = 20200401
	random := rand.New(rand.NewPCG(seed, 1))
	setting := adb.Setting{Namespace: "system", Key: "telltale_probe"}
	for i := range 40 {
		text := hostileText(random)
		// An argument.
		if res, err := d.Shell(ctx, "printf", "%s", text); err != nil || string(res.Stdout) != text {
			t.Errorf("%d: the argument %q arrived as %q, %v", i, text, res.Stdout, err)
		}
		if out, err := d.Exec(ctx, "printf", "%s", text); err != nil || string(out) != text {
			t.Errorf("%d: exec: the argument %q arrived as %q, %v", i, text, out, err)
		}
		// A value.
		err := d.PutSetting(ctx, setting, text)
		if got, _ := s.Settings.Get(phone.System, setting.Key); got != text && adb.CodeOf(err) != adb.Usage { // lines are refused
			t.Errorf("%d: the setting %q stands as %q, %v", i, text, got, err)
		}
		// Names of files and folders, made, pushed and undone.
		name := "/sdcard/" + strings.ReplaceAll(text, "/", "_")
		if err := d.Push(ctx, strings.NewReader(text), name, 0o644); err != nil {
			t.Errorf("%d: pushing to %q: %v", i, name, err)
		} else if got, err := s.Files.Read(name); err != nil || string(got) != text {
			t.Errorf("%d: %q holds %q, %v", i, name, got, err)
		}
		var back bytes.Buffer
		if err := d.Pull(ctx, name, &back); err != nil || back.String() != text {
			t.Errorf("%d: pulling %q: %q, %v", i, name, back.String(), err)
		}
		folder := name + ".d"
		if err := driver.MakeFolder(ctx, folder); err != nil {
			t.Errorf("%d: making %q: %v", i, folder, err)
		} else if info, err := s.Files.Stat(folder, true); err != nil || !info.IsDir() {
			t.Errorf("%d: the folder %q: %v", i, folder, err)
		}
		for _, script := range undo {
			if _, err := d.Script(ctx, script); err != nil {
				t.Errorf("%d: %q: %v", i, script, err)
			}
		}
		if _, err := s.Files.Stat(folder, true); err == nil {
			t.Errorf("%d: %q was not undone", i, folder)
		}
		undo = nil
		_ = driver.Remove(ctx, name)
		// Packages and addresses, which no app of the phone knows: refusals, not effects.
		_, _ = d.StartActivity(ctx, "-a", "android.intent.action.VIEW", "-d", "https://example.com/"+text, "com.android.browser")
		_, _ = d.StartActivity(ctx, "-n", text+"/.Main")
		_, _ = d.ResolveLauncher(ctx, text)
		_, _ = d.Shell(ctx, "am", "force-stop", text)
		_, _ = d.Shell(ctx, "pm", "path", text)
		// What is typed: refused if it cannot be, or typed.
		if err := d.Text(ctx, text); err != nil && adb.CodeOf(err) != adb.Untypable {
			t.Errorf("%d: typing %q: %v", i, text, err)
		}
		// A serial: another phone's, which is not there.
		var fault *adb.Fault
		if _, err := r.server.Device(text, adb.Options{}).Shell(ctx, "touch", "/data/local/tmp/struck"); !errors.As(err, &fault) {
			t.Errorf("%d: the serial %q: %v", i, text, err)
		}
		if u, err := harness.OpenUndo(r.options.State, "../../"+text); err != nil {
			t.Errorf("%d: the undo journal of %q: %v", i, text, err)
		} else if err := u.Add(harness.UndoEntry{Serial: text, Namespace: "global", Key: "http_proxy"}); err != nil {
			t.Errorf("%d: the undo journal of %q: %v", i, text, err)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if _, err := s.Files.Stat("/data/local/tmp/struck", true); err == nil {
		t.Error("a text was run as a command of the phone's shell")
	}
	if v, _ := s.Settings.Get(phone.Global, "struck"); v != "" {
		t.Error("a text was run as a command of the phone's shell: it changed a setting")
	}
	if _, err := s.Files.Read("/data/local/tmp/bystander"); err != nil {
		t.Errorf("a file of somebody else's: %v", err)
	}
	if now, err := d.BootID(ctx); err != nil || now != boot {
		t.Errorf("the phone rebooted: %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(r.options.State))
	if err != nil || len(entries) != len(siblings(t, r.options.State)) {
		t.Errorf("beside the state directory lies %v, %v", entries, err)
	}
}

// siblings are what belongs beside a state directory of a test: directories that the test framework numbers.
func siblings(t *testing.T, state string) (own []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(state))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && len(e.Name()) == 3 && strings.Trim(e.Name(), "0123456789") == "" {
			own = append(own, e.Name())
		}
	}
	return own
}

// TestPrintedCommandsAreData: what doctor prints for a person to paste is one word to the shell of this computer, too.
func TestPrintedCommandsAreData(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	const seed = 7
	random := rand.New(rand.NewPCG(seed, 2))
	dir := t.TempDir()
	var script, want strings.Builder
	for range 60 {
		text := hostileText(random)
		script.WriteString("printf '%s\\0' " + harness.ShellWord(text) + "\n")
		want.WriteString(text + "\x00")
	}
	cmd := exec.Command(sh, "-c", script.String())
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != want.String() {
		t.Errorf("seed %d: %v\n%q\n%q", seed, err, out, want.String())
	}
}
