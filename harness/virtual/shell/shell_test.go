package shell_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/apps"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/shell"
)

type rig struct {
	phone *phone.Phone
	apps  *apps.System
	sh    *shell.Shell
}

func newRig(t testing.TB, p personality.Personality) *rig {
	t.Helper()
	p.Leaks, p.Noise = nil, nil
	state := phone.New(phone.Options{Identity: phone.NewIdentity("shell"), Props: p.Props, Screen: p.Screen, Packages: []phone.Package{
		{Name: "com.android.browser", UID: 10110, VersionName: "11.4.3-gn", VersionCode: 20200312, Launcher: ".BrowserActivity", Path: "/system/app/browser/base.apk"},
		{Name: "com.android.settings", UID: 1000, Launcher: ".MainSettings"}, {Name: "com.miui.home", UID: 10044, Launcher: ".launcher.Launcher"},
		{Name: "com.miui.analytics", UID: 10152}, {Name: "com.example.third", UID: 10200, Third: true},
	}})
	net := network.New(network.Options{})
	system := apps.New(apps.Options{Phone: state, Network: net, Personality: p})
	sh := shell.New(shell.Options{Phone: state, Apps: system, Network: net, Reboot: func(string) { state.Reboot() }})
	t.Cleanup(func() { state.Close(); system.Close(); sh.Close() })
	return &rig{state, system, sh}
}

// run runs a line with its two streams apart.
func (r *rig) run(t testing.TB, line, stdin string) (out, errs string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var o, e bytes.Buffer
	code = r.sh.Run(ctx, shell.Command{Line: line, Stdin: strings.NewReader(stdin), Stdout: &o, Stderr: &e})
	return o.String(), e.String(), code
}

// The language: what a phone's mksh does, quoting mistakes included.
func TestLanguage(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	for _, c := range []struct {
		line, out string
		code      int
	}{
		{`echo a b`, "a b\n", 0},
		{`echo 'a  b' "c  d" e\ f`, "a  b c  d e f\n", 0},
		{`echo '$(id)' "$(echo x)"`, "$(id) x\n", 0},
		{`echo 'it'\''s'`, "it's\n", 0},
		{`echo a; false; echo $?`, "a\n1\n", 0},
		{`true && echo yes || echo no`, "yes\n", 0},
		{`exit 7`, "", 7},
		{`(exit 3); echo $?`, "3\n", 0},
		{`x=1; y=$((x+2)); echo $y`, "3\n", 0},
		{`f() { echo "got $1"; return 4; }; f a; echo $?`, "got a\n4\n", 0},
		{`for i in 1 2 3; do printf '%s,' $i; done`, "1,2,3,", 0},
		{`case abc in a*) echo yes;; *) echo no;; esac`, "yes\n", 0},
		{`[ 1 -lt 2 ] && [[ abc == a* ]] && test -d /sdcard && echo ok`, "ok\n", 0},
		{`printf 'b\na\n' | sort | head -n 1`, "a\n", 0},
		{`echo one > /sdcard/f; echo two >> /sdcard/f; cat /sdcard/f`, "one\ntwo\n", 0},
		{`cat <<E` + "\n" + `a $((1+1))` + "\nE", "a 2\n", 0},
		{`while read l; do echo "[$l]"; done < /sdcard/f`, "[one]\n[two]\n", 0},
		{`echo $(cat /sdcard/f)`, "one two\n", 0},
		{`echo -n a; echo -e 'b\tc'; echo 'd\ne'`, "ab\tc\nd\ne\n", 0},
		{`print -r 'a\nb'`, "a\\nb\n", 0},
		{`set -e; false; echo no`, "", 1},
		{`trap 'echo bye' EXIT; echo hi`, "hi\nbye\n", 0},
		{`trap 'echo bye' 0 1 2 15; echo hi`, "hi\nbye\n", 0},
		{`arr=(a b c); echo ${arr[1]} ${#arr[@]}`, "b 3\n", 0},
		{`s=abcdef; echo ${s#ab} ${s%ef} ${s:-x} ${#s}`, "cdef abcd abcdef 6\n", 0},
		{`eval 'echo "a b"'`, "a b\n", 0},
		{`sh -c 'echo $0 $1' name arg`, "name arg\n", 0},
		{`echo 'echo in file $1' > /data/local/tmp/s.sh; sh /data/local/tmp/s.sh x`, "in file x\n", 0},
		{`chmod 755 /data/local/tmp/s.sh; /data/local/tmp/s.sh y`, "in file y\n", 0},
		{`. /data/local/tmp/s.sh`, "in file\n", 0},
		{`command -v ls; type ls; which ls`, "/system/bin/ls\nls is /system/bin/ls\n/system/bin/ls\n", 0},
		{`cd /sdcard && pwd && ls f`, "/sdcard\nf\n", 0},
		{`echo /sdcard/D*`, "/sdcard/DCIM /sdcard/Download\n", 0},
		{`echo a & wait; echo b`, "a\nb\n", 0},
		{`nosuch`, "", 127},
		{`echo a | nosuch`, "", 127},
		{`/data/local/tmp/none`, "", 127},
		{`echo unclosed "`, "", 1},
		{`command echo x`, "x\n", 0},
		{`shopt -s extglob`, "", 127},
		{`kill -0 $$ && echo alive`, "alive\n", 0},
		{`timeout 0.05 sleep 20; echo $?`, "124\n", 0},
		{`seq 3 | xargs echo n`, "n 1 2 3\n", 0},
	} {
		t.Run(c.line, func(t *testing.T) {
			out, errs, code := r.run(t, c.line, "")
			if out != c.out || code != c.code {
				t.Errorf("printed %q (stderr %q), exit %d; want %q, exit %d", out, errs, code, c.out, c.code)
			}
		})
	}
}

// The bug of unquoted arguments shows here as on a phone: & ends the command, ; starts another.
func TestUnquotedArgumentsSplitTheLine(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	out, errs, _ := r.run(t, "am start -W -a android.intent.action.VIEW -d https://a.example/?q=1&r=2 com.android.browser; echo $r", "")
	if !strings.Contains(out, "Starting: Intent") || strings.Contains(out, "r=2") {
		t.Errorf("%q %q", out, errs)
	}
	if _, errs, code := r.run(t, "echo a; nosuchcmd b", ""); code != 127 || errs != "/system/bin/sh: nosuchcmd: inaccessible or not found\n" {
		t.Errorf("%q %d", errs, code)
	}
}

func TestStreams(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	for _, c := range []struct{ line, in, out, errs string }{
		{"cat", "from adb", "from adb", ""},
		{"wc -c", "12345", "5\n", ""},
		{"read a b; echo $b", "x y z\n", "y z\n", ""},
		{"cat | tr a-z A-Z", "abc", "ABC", ""},
		{"sh", "echo piped; exit 2", "piped\n", ""},
		{"", "echo one\nx=5\necho $x\nexit\necho no\n", "one\n5\n", ""},
		{"ls /none", "", "", "ls: /none: No such file or directory\n"},
		{"ls /none 2>&1 | wc -l", "", "1\n", ""},
		{"cat /data/misc/x", "", "", "cat: /data/misc/x: No such file or directory\n"},
		{"ls /data", "", "", "ls: /data: Permission denied\n"},
		{"echo x > /system/y", "", "", "open /system/y: read-only file system\n"},
	} {
		t.Run(c.line, func(t *testing.T) {
			out, errs, _ := r.run(t, c.line, c.in)
			if out != c.out || errs != c.errs {
				t.Errorf("%q %q, want %q %q", out, errs, c.out, c.errs)
			}
		})
	}
}

// Nothing of the host can be seen or changed.
func TestNoDoorToTheHost(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.sh")
	if err := os.WriteFile(secret, []byte("echo host secret"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hidden-entry"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	home, _ := os.UserHomeDir()
	r := newRig(t, personality.Leaky2020())
	for _, line := range []string{
		"cat SECRET", "sh SECRET", ". SECRET", "SECRET", "command . SECRET", "eval '. SECRET'", "cat < SECRET", "echo $(< SECRET)",
		"exec SECRET", "builtin . SECRET", "cp SECRET /sdcard/x; cat /sdcard/x", "ls DIR", "cd DIR && ls", "echo DIR/*", "[ -e SECRET ] && echo host secret",
		"test -r SECRET && echo host secret", "command -v SECRET", "type SECRET", "which SECRET", "hash SECRET", "cat <(cat SECRET)",
		"eval 'cat <(cat SECRET)'", "echo x > DIR/new", "rm -rf DIR", "touch DIR/new", "mkdir -p DIR/new", "ln -s SECRET /sdcard/l; cat /sdcard/l",
		"trap 'cat SECRET' EXIT", "trap 'cat <(cat SECRET)' EXIT", "source SECRET", "readlink -f SECRET", "setsid cat SECRET", "nohup sh SECRET",
		"exec 3< SECRET; cat <&3", "cat SECRET &\nwait", "cat SECRET > /sdcard/y &\nsleep 0.1; cat /sdcard/y", "sed -n 1p SECRET", "grep host SECRET",
		"dd if=SECRET", "base64 SECRET", "tail SECRET", "uiautomator dump DIR/x.xml", "screencap -p DIR/x.png",
		"echo ~root ~nobody", "echo $HOME", "cd ~; pwd", "echo $PPID",
	} {
		line = strings.NewReplacer("SECRET", secret, "DIR", dir).Replace(line)
		out, errs, _ := r.run(t, line, "")
		if all := out + errs; strings.Contains(all, "host secret") || strings.Contains(out, "hidden-entry") || home != "/" && strings.Contains(out, home) {
			t.Errorf("%s: the host shows: %q %q", line, out, errs)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("the host's directory now holds %v, %v", left, err)
	}
	if out, _, _ := r.run(t, "echo $$", ""); strings.TrimSpace(out) == itoa(os.Getpid()) {
		t.Error("$$ is this process")
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

func TestCancel(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	for _, line := range []string{"sleep 30", "while true; do :; done", "sleep 30 | cat", "logcat", "sleep 30 & wait", "sh -c 'sleep 30'", "setsid sleep 30"} {
		t.Run(line, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan int, 1)
			go func() {
				done <- r.sh.Run(ctx, shell.Command{Line: line, Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}})
			}()
			cancel()
			select {
			case code := <-done:
				if code == 0 {
					t.Error("a command that was cut short must not say that all is well")
				}
			case <-time.After(time.Minute):
				t.Fatal("still running")
			}
		})
	}
}

// A job whose output goes elsewhere outlives the session that started it, as the dead man's switch of a farm must.
func TestJobsThatOutliveTheSession(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	for _, line := range []string{
		`setsid sh -c 'until [ -e /data/local/tmp/go ]; do sleep 0.02; done; settings put global mark SET' >/dev/null 2>&1 </dev/null &`,
		`(until [ -e /data/local/tmp/go ]; do sleep 0.02; done; settings put global mark SET) >/dev/null 2>&1 &`,
		`echo 'until [ -e /data/local/tmp/go ]; do sleep 0.02; done; settings put global mark $1' > /data/local/tmp/d.sh; nohup sh /data/local/tmp/d.sh SET >/dev/null 2>&1 &`,
	} {
		r.phone.Settings.Delete(phone.Global, "mark")
		r.run(t, "rm -f /data/local/tmp/go", "")
		if _, errs, code := r.run(t, line, ""); code != 0 || errs != "" {
			t.Errorf("%s: %d %q", line, code, errs)
		}
		if _, set := r.phone.Settings.Get(phone.Global, "mark"); set {
			t.Errorf("%s: the session waited for it", line)
		}
		r.run(t, "touch /data/local/tmp/go", "")
		for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			if v, _ := r.phone.Settings.Get(phone.Global, "mark"); v == "SET" {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s: it never ran", line)
			}
		}
	}
	out, _, _ := r.run(t, `sleep 30 >/dev/null 2>&1 & p=$!; kill -0 $p && kill $p; while kill -0 $p; do sleep 0.02; done; echo gone`, "")
	if out != "gone\n" {
		t.Errorf("$! is not the job: %q", out)
	}
	r.run(t, `setsid sh -c 'sleep 0.3; settings put global mark REBOOT' >/dev/null 2>&1 &`, "")
	r.phone.Reboot()
	time.Sleep(400 * time.Millisecond)
	if v, _ := r.phone.Settings.Get(phone.Global, "mark"); v == "REBOOT" {
		t.Error("a job survived a reboot")
	}
}
