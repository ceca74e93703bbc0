package adbd

import (
	"bytes"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestPushPull(t *testing.T) {
	adb := startADB(t)
	v2, toy2 := startPhone(t, Options{})
	v1, toy1 := startPhone(t, Options{Features: []string{}})
	adb.connect(t, v2)
	adb.connect(t, v1)
	for _, p := range []struct {
		name  string
		phone *Server
		toy   *toy
	}{{"stat_v2", v2, toy2}, {"stat v1", v1, toy1}} {
		for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 3 << 20} {
			data := make([]byte, size)
			rand.New(rand.NewSource(int64(size))).Read(data)
			local := writeFile(t, data)
			stamp := time.Unix(1_600_000_000, 0)
			if err := os.Chtimes(local, stamp, stamp); err != nil {
				t.Fatal(err)
			}
			adb.adb(t, p.phone, "push", local, "/sdcard/up.bin")
			got := p.toy.files.get("/sdcard/up.bin")
			if got == nil || !bytes.Equal(got.Data, data) {
				t.Fatalf("%s, %d bytes: pushed file differs", p.name, size)
			}
			if got.Mode.Perm() != 0o640 || !got.ModTime.Equal(stamp) {
				t.Errorf("%s, %d bytes: mode %v, time %v", p.name, size, got.Mode, got.ModTime)
			}
			back := filepath.Join(t.TempDir(), "back")
			adb.adb(t, p.phone, "pull", "/sdcard/up.bin", back)
			if pulled, err := os.ReadFile(back); err != nil || !bytes.Equal(pulled, data) {
				t.Fatalf("%s, %d bytes: pulled file differs: %v", p.name, size, err)
			}
		}
	}
}

func TestListAndErrors(t *testing.T) {
	adb := startADB(t)
	v2, _ := startPhone(t, Options{})
	v1, _ := startPhone(t, Options{Features: []string{}})
	adb.connect(t, v2)
	adb.connect(t, v1)
	local := writeFile(t, make([]byte, 300<<10))
	for phone, notThere := range map[*Server]string{v2: "No such file or directory", v1: "does not exist"} {
		phone.opts.Device.(*toy).files.m["sdcard/a.txt"] = &fstest.MapFile{Data: []byte("hello"), Mode: 0o600, ModTime: time.Unix(0x5f5e1000, 0)}
		out := adb.adb(t, phone, "ls", "/sdcard")
		if !strings.Contains(out, "00008180 00000005 5f5e1000 a.txt\n") || !strings.Contains(out, " ..\n") {
			t.Errorf("ls:\n%s", out)
		}
		for _, tc := range []struct {
			args []string
			want string
		}{
			{[]string{"pull", "/sdcard/none", filepath.Join(t.TempDir(), "x")}, notThere},
			{[]string{"push", local, "/denied/x"}, "couldn't create file: Permission denied"},
			{[]string{"push", local, "/full/x"}, "write failed: No space left on device"},
		} {
			r := adb.run(t, nil, append([]string{"-s", phone.Addr().String()}, tc.args...)...)
			if r.code == 0 || !strings.Contains(r.out+r.err, tc.want) {
				t.Errorf("adb %q: exit %d %q %q, want %q", tc.args, r.code, r.out, r.err, tc.want)
			}
		}
		if phone.opts.Device.(*toy).files.get("/full/x.aborted") == nil {
			t.Error("a failed push was not aborted")
		}
		if got := adb.adb(t, phone, "shell", "echo", "alive"); got != "alive\n" {
			t.Errorf("after the errors: %q", got)
		}
	}
}
