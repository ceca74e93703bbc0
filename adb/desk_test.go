package adb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseThermal(t *testing.T) {
	raw, err := os.ReadFile("testdata/dumpsys/thermalservice.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseThermal(raw)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Thermal{Status: 0, Hottest: 25.3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	stale := "Thermal Status: 3\nCached temperatures:\n\tTemperature{mValue=99.0, mType=3, mName=skin, mStatus=0}\n" +
		"Current temperatures from HAL:\n\tTemperature{mValue=47.5, mType=3, mName=skin, mStatus=3}\nCurrent cooling devices from HAL:\n"
	if got, err := ParseThermal([]byte(stale)); err != nil || got != (Thermal{Status: 3, Hottest: 47.5}) {
		t.Errorf("%+v, %v: the cached temperature must not count", got, err)
	}
	for _, bad := range []string{"", "Can't find service: thermalservice\n", "Thermal Status: x\n"} {
		if _, err := ParseThermal([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestParseSpace(t *testing.T) {
	const head = "Filesystem     1K-blocks    Used Available Use% Mounted on\n"
	for _, tt := range []struct {
		name, text string
		want       Space
		bad        bool
	}{
		{"one", head + "/dev/block/dm-3 53402624 9000000 44402624  17% /data\n", Space{53402624 << 10, 44402624 << 10}, false},
		{"the one that holds the path", head + "tmpfs 100 0 100 0% /\n/dev/dm 1000 900 10 90% /data\n/data/media 7 7 7 9% /storage/emulated\n", Space{1000 << 10, 10 << 10}, false},
		{"one mounted elsewhere", head + "/dev/fuse 100 60 40 60% /storage/emulated\n", Space{100 << 10, 40 << 10}, false},
		{"none", head, Space{}, true},
		{"an error", "df: /data: Permission denied\n", Space{}, true},
		{"no number", head + "/dev/x a b c 1% /data\n", Space{}, true},
		{"negative", head + "/dev/x -1 0 -1 1% /data\n", Space{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseSpace([]byte(tt.text), "/data")
			if (err != nil) != tt.bad || got != tt.want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// fakeClient is an adb command that says what is given.
func fakeClient(t *testing.T, says string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "adb"), []byte("#!/bin/sh\ncat <<'X'\n"+says+"\nX\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestClients(t *testing.T) {
	old := fakeClient(t, "Android Debug Bridge version 1.0.39\nVersion 27\nInstalled as x")
	now := fakeClient(t, "Android Debug Bridge version 1.0.41\nVersion 35.0.2")
	link := t.TempDir()
	if err := os.Symlink(filepath.Join(now, "adb"), filepath.Join(link, "adb")); err != nil {
		t.Fatal(err)
	}
	list := func(dirs ...string) string { return strings.Join(dirs, string(os.PathListSeparator)) }
	got, err := Clients(t.Context(), list("", old, t.TempDir(), now, link))
	if err != nil {
		t.Fatal(err)
	}
	want := []Client{{filepath.Join(old, "adb"), 39}, {filepath.Join(now, "adb"), 41}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Clients(t.Context(), t.TempDir()); CodeOf(err) != NotInstalled {
		t.Errorf("without adb: %v", err)
	}
	if _, err := Clients(t.Context(), fakeClient(t, "something else")); CodeOf(err) != Protocol {
		t.Errorf("an adb that does not say its version: %v", err)
	}
}

// A device with an answerer sends nothing: its server does not exist.
func TestAnswerer(t *testing.T) {
	var asked []string
	d := Server{Addr: "127.0.0.1:1"}.Device("x", Options{Answer: func(c Command) []byte {
		asked = append(asked, c.Kind+" "+strings.Join(c.Argv, " "))
		return []byte("ok\n")
	}})
	ctx := t.Context()
	if res, err := d.Shell(ctx, "getprop", "a b"); err != nil || string(res.Stdout) != "ok\n" {
		t.Fatal(res, err)
	}
	if out, err := d.Exec(ctx, "screencap", "-p"); err != nil || string(out) != "ok\n" {
		t.Fatal(out, err)
	}
	if err := d.Push(ctx, strings.NewReader("data"), "/data/local/tmp/x", 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Script(ctx, "a | b"); err != nil {
		t.Fatal(err)
	}
	if err := d.RemoveReverse(ctx, 18080); err != nil {
		t.Fatal(err)
	}
	if err := d.Reboot(ctx); err != nil {
		t.Fatal(err)
	}
	want := []string{"shell getprop a b", "exec screencap -p", "push push /data/local/tmp/x", "script a | b", "reverse killforward:tcp:18080", "reboot reboot"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzDesk(f *testing.F) {
	f.Add([]byte("Thermal Status: 3\nCurrent temperatures from HAL:\n\tTemperature{mValue=47.5, mType=3}\n"))
	f.Add([]byte("Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/x 1 2 3 1% /data\n"))
	f.Add([]byte("Android Debug Bridge version 1.0.41\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if th, err := ParseThermal(in); err == nil && (th.Status < 0 || th.Status > 9) {
			t.Errorf("%+v", th)
		}
		if s, err := ParseSpace(in, "/data"); err == nil && (s.Size < 0 || s.Free < 0) {
			t.Errorf("%+v", s)
		}
		_, _ = ParseClientVersion(in)
	})
}
