package harness

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/harness/profile"
)

// rootedPhone runs scripts with this computer's shell in a folder of the test; commands that only root has are noted.
type rootedPhone struct {
	t    *testing.T
	dir  string
	form int // how it becomes root; -1: not at all
	ran  []string
}

func newRootedPhone(t *testing.T, apex bool, form int) *rootedPhone {
	t.Helper()
	p := &rootedPhone{t: t, dir: t.TempDir(), form: form}
	stores := []string{systemStore}
	if apex {
		stores = append(stores, apexStore)
	}
	for _, s := range stores {
		p.write(s+"/00673b5b.0", "one of the system's")
	}
	p.write("/proc/mounts", "/dev/root / ext4 ro 0 0\n")
	if err := os.MkdirAll(p.at("/data/local/tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *rootedPhone) at(path string) string { return filepath.Join(p.dir, path) }

func (p *rootedPhone) write(path, text string) {
	if err := errors.Join(os.MkdirAll(filepath.Dir(p.at(path)), 0o700), os.WriteFile(p.at(path), []byte(text), 0o600)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *rootedPhone) files(path string) (names []string) {
	entries, err := os.ReadDir(p.at(path))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// stubs are the commands of root. A tmpfs hides what was there before; an umount shows it again.
const stubs = `
note() { echo "$*" >>"$D/ran"; }
chown() { note chown "$@"; }
chcon() { note chcon "$@"; }
am() { note am "$@"; }
settings() { echo com.example.debugged; }
pidof() { case $1 in zygote) echo 300;; zygote64) echo 301 302;; esac; }
ps() { echo "  PID"; echo " ${4}7"; }
nsenter() { note nsenter "$@"; }
mount() { note mount "$@"; case $2 in tmpfs) mv "$4" "$4.under"; mkdir "$4"; echo "tmpfs $4 tmpfs rw 0 0" >>"$D/proc/mounts";; "$2") mv "$3" "$3.under"; cp -r "$2" "$3";; esac; }
umount() { note umount "$@"; if [ -d "$1.under" ]; then rm -rf "$1"; mv "$1.under" "$1"; grep -v "^tmpfs" "$D/proc/mounts" >"$D/m"; mv "$D/m" "$D/proc/mounts"; fi; }
`

func (p *rootedPhone) Script(ctx context.Context, script string) (adb.Result, error) {
	p.ran = append(p.ran, script)
	if p.form != 0 && script == "id" {
		return adb.Result{Stdout: []byte("uid=2000(shell)")}, nil
	}
	switch {
	case strings.HasPrefix(script, "su -c ") && p.form == 1, strings.HasPrefix(script, "su root sh -c ") && p.form == 2:
		script = strings.TrimPrefix(strings.TrimPrefix(script, "su -c "), "su root sh -c ")
		script = "eval " + script
	case strings.HasPrefix(script, "su "):
		return adb.Result{Exit: 127}, &adb.ExitError{Result: adb.Result{Exit: 127}}
	}
	script = strings.ReplaceAll(script, "eval 'id'", "echo 'uid=0(root)'")
	if script == "id" {
		return adb.Result{Stdout: []byte("uid=0(root) gid=0(root)")}, nil
	}
	for _, path := range []string{systemStore, apexStore, "/data/local/tmp", "/proc/mounts"} {
		script = strings.ReplaceAll(script, path, p.at(path))
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", stubs+script)
	cmd.Env = append(os.Environ(), "D="+p.dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return adb.Result{Stdout: out}, &adb.ExitError{Op: errs.String(), Result: adb.Result{Stdout: out, Stderr: []byte(errs.String()), Exit: 1}}
	}
	return adb.Result{Stdout: out}, nil
}

func (p *rootedPhone) Push(_ context.Context, from io.Reader, path string, _ fs.FileMode) error {
	text, err := io.ReadAll(from)
	p.write(path, string(text))
	return err
}

func (p *rootedPhone) noted() string {
	text, _ := os.ReadFile(p.at("ran"))
	return string(text)
}

func testCA(t *testing.T) *capture.CA {
	t.Helper()
	ca, err := capture.LoadOrCreateCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func TestInstallSystemCA(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		apex bool
		form int
	}{{"before Android 14, adb as root", false, 0}, {"before Android 14, Magisk", false, 1}, {"Android 14, Magisk", true, 1}, {"Android 14, an emulator", true, 2}} {
		t.Run(tt.name, func(t *testing.T) {
			p, ca := newRootedPhone(t, tt.apex, tt.form), testCA(t)
			var undo []string
			remember := func(_, script string) error {
				if strings.Contains(p.noted(), "mount") {
					t.Error("something was changed before its undoing was written down")
				}
				undo = append(undo, script)
				return nil
			}
			for range 2 { // a second time, as after a fault
				if err := installSystemCA(t.Context(), p, ca, "system", remember); err != nil {
					t.Fatal(err)
				}
				remember = func(string, string) error { return nil }
			}
			if got, want := p.files(systemStore), []string{"00673b5b.0", ca.HashOld() + ".0"}; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("the store holds %q, want %q", got, want)
			}
			pem, err := os.ReadFile(p.at(systemStore + "/" + ca.HashOld() + ".0"))
			if err != nil || string(pem) != string(ca.PEM()) {
				t.Errorf("the certificate: %q, %v", pem, err)
			}
			noted := p.noted()
			for _, pid := range []string{"300", "301", "302", "3007", "3017", "3027"} {
				if mounted := strings.Contains(noted, "nsenter --mount=/proc/"+pid+"/ns/mnt -- /bin/mount --bind "); mounted != tt.apex {
					t.Errorf("mounted in the namespace of %s: %v", pid, mounted)
				}
			}
			for range 2 {
				if _, err := p.Script(t.Context(), undo[0]); err != nil {
					t.Fatal(err)
				}
			}
			if n, want := strings.Count("\n"+noted, "\nmount "), map[bool]int{false: 1, true: 2}[tt.apex]; n != want {
				t.Errorf("mounted %d times, want %d: one umount each takes it away", n, want)
			}
			if got := p.files(systemStore); !slices.Equal(got, []string{"00673b5b.0"}) {
				t.Errorf("after its removal the store holds %q", got)
			}
			if left := p.files("/data/local/tmp"); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
			if unmounted := strings.Contains(p.noted(), "3017/ns/mnt -- /bin/umount "); unmounted != tt.apex {
				t.Errorf("unmounted in the zygotes' namespaces: %v", unmounted)
			}
		})
	}
}

func TestASecondCertificateOfThatHash(t *testing.T) {
	p, ca := newRootedPhone(t, false, 0), testCA(t)
	p.write(systemStore+"/"+ca.HashOld()+".0", "another's")
	if err := installSystemCA(t.Context(), p, ca, "system", func(string, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := p.files(systemStore); !slices.Contains(got, ca.HashOld()+".1") {
		t.Errorf("the store holds %q", got)
	}
	if text, _ := os.ReadFile(p.at(systemStore + "/" + ca.HashOld() + ".0")); string(text) != "another's" {
		t.Errorf("the other certificate is %q", text)
	}
}

func TestAStoreOfSomebodyElseIsLeftAlone(t *testing.T) {
	p, ca := newRootedPhone(t, false, 0), testCA(t)
	p.write("/proc/mounts", "tmpfs "+p.at(systemStore)+" tmpfs rw 0 0\n") // a module of Magisk's
	if _, err := p.Script(t.Context(), removeScript(ca.HashOld())); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.noted(), "umount") {
		t.Errorf("ran %s", p.noted())
	}
}

func TestWithoutRootNothingIsTouched(t *testing.T) {
	p := newRootedPhone(t, true, -1)
	err := installSystemCA(t.Context(), p, testCA(t), "apex", func(string, string) error { t.Error("journalled"); return nil })
	var no *NoRoot
	if !errors.As(err, &no) || !strings.Contains(err.Error(), "trust: apex") {
		t.Errorf("got %v", err)
	}
	if want := []string{"id", "su -c 'id'", "su root sh -c 'id'"}; !slices.Equal(p.ran, want) {
		t.Errorf("ran %q, want %q", p.ran, want)
	}
}

func TestChromeFlags(t *testing.T) {
	ca := testCA(t)
	for _, own := range []string{"", "_ --its-own"} {
		p := newRootedPhone(t, false, 0)
		if own != "" {
			p.write(chromeFile, own)
		}
		var undo string
		for range 2 {
			if err := setChromeFlags(t.Context(), p, "com.android.chrome", ca, func(_, script string) error { undo = script; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(p.at(chromeFile))
		if err != nil || !strings.HasPrefix(string(text), "telltale --ignore-certificate-errors-spki-list=") || !strings.Contains(string(text), "--disable-quic") {
			t.Errorf("%q, %v", text, err)
		}
		for range 2 {
			if _, err := p.Script(t.Context(), undo); err != nil {
				t.Fatal(err)
			}
		}
		if text, _ = os.ReadFile(p.at(chromeFile)); string(text) != own {
			t.Errorf("afterwards the file is %q, want %q", text, own)
		}
		if !strings.Contains(p.noted(), "am set-debug-app --persistent com.example.debugged\n") {
			t.Errorf("the debug app is not put back: %s", p.noted())
		}
	}
	if err := setChromeFlags(t.Context(), newRootedPhone(t, false, 0), "org.mozilla.firefox", ca, func(string, string) error { t.Error("not a Chrome"); return nil }); err != nil {
		t.Error(err)
	}
}

func TestForecast(t *testing.T) {
	phone := func(kind, trust string, apps ...string) *profile.Phone {
		p := &profile.Phone{Kind: kind, Trust: trust, Personality: "clean"}
		for _, a := range apps {
			p.Browsers = append(p.Browsers, profile.Browser{ID: "b", App: a})
		}
		return p
	}
	for _, tt := range []struct {
		name  string
		phone *profile.Phone
		want  []string // parts, in any order
		not   []string
	}{
		{"user", phone(profile.USB, "user", "com.android.chrome", "org.mozilla.firefox", "com.duckduckgo.mobile.android", "com.android.browser"),
			[]string{"DuckDuckGo (com.duckduckgo.mobile.android): believes the system's certificates only; cannot be decrypted without root", "Firefox (org.mozilla.firefox): keeps certificates of its own", "(com.android.browser): whose certificates", "(com.google.android.gms): believes the system's"}, []string{"com.android.chrome"}},
		{"system", phone(profile.USB, "system", "com.android.chrome", "org.mozilla.firefox", "com.duckduckgo.mobile.android"),
			[]string{"Firefox (org.mozilla.firefox): keeps", "Chrome (com.android.chrome): asks the system's certificates for certificate transparency"}, []string{"duckduckgo", "gms", "without root"}},
		{"virtual", phone(profile.Virtual, "user", "com.android.chrome"), nil, []string{"com."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(Forecast(tt.phone), "\n")
			for _, w := range tt.want {
				if !strings.Contains(got, w) {
					t.Errorf("no %q in\n%s", w, got)
				}
			}
			for _, n := range tt.not {
				if strings.Contains(got, n) {
					t.Errorf("%q in\n%s", n, got)
				}
			}
		})
	}
}
