package phone

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestFilesAsTheShellSeesThem(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*Files) error
		want error
	}{
		{"write to the card", func(f *Files) error { return f.Write("/sdcard/a.txt", []byte("x"), 0o644, false) }, nil},
		{"write to tmp", func(f *Files) error { return f.Write("/data/local/tmp/a", []byte("x"), 0o755, false) }, nil},
		{"write to the system", func(f *Files) error { return f.Write("/system/a", nil, 0o644, false) }, syscall.EROFS},
		{"write to the root", func(f *Files) error { return f.Write("/a", nil, 0o644, false) }, syscall.EROFS},
		{"write to data", func(f *Files) error { return f.Write("/data/misc/a", nil, 0o644, false) }, syscall.EACCES},
		{"write below a missing directory", func(f *Files) error { return f.Write("/sdcard/no/a", nil, 0o644, false) }, syscall.ENOENT},
		{"write to a directory", func(f *Files) error { return f.Write("/sdcard/Download", nil, 0o644, false) }, syscall.EISDIR},
		{"dots do not climb out", func(f *Files) error {
			return f.Write("/sdcard/../../../../etc/passwd", nil, 0o644, false)
		}, syscall.ENOENT},
		{"list another app's data", func(f *Files) error { _, err := f.ReadDir("/data/data"); return err }, syscall.EACCES},
		{"list /data", func(f *Files) error { _, err := f.ReadDir("/data"); return err }, syscall.EACCES},
		{"list the card", func(f *Files) error { _, err := f.ReadDir("/sdcard/"); return err }, nil},
		{"remove a directory that is not empty", func(f *Files) error {
			return errors.Join(f.Mkdir("/sdcard/d", false), f.Write("/sdcard/d/f", nil, 0o644, false), f.Remove("/sdcard/d", false))
		}, syscall.ENOTEMPTY},
		{"remove a tree", func(f *Files) error {
			return errors.Join(f.Mkdir("/sdcard/d/e", true), f.Write("/sdcard/d/e/f", nil, 0o644, false), f.Remove("/sdcard/d", true))
		}, nil},
		{"remove the card", func(f *Files) error { return f.Remove("/sdcard", true) }, syscall.EROFS},
		{"a link loop", func(f *Files) error {
			return errors.Join(f.Symlink("/sdcard/b", "/sdcard/a"), f.Symlink("/sdcard/a", "/sdcard/b"),
				f.Write("/sdcard/a/x", nil, 0o644, false))
		}, syscall.ELOOP},
		{"a link out of the card is not writable", func(f *Files) error {
			return errors.Join(f.Symlink("/system", "/sdcard/s"), f.Write("/sdcard/s/x", nil, 0o644, false))
		}, syscall.EROFS},
		{"rename into itself", func(f *Files) error {
			return errors.Join(f.Mkdir("/sdcard/d", false), f.Rename("/sdcard/d", "/sdcard/d/e"))
		}, syscall.EINVAL},
		{"a name too long", func(f *Files) error {
			return f.Write("/sdcard/"+strings.Repeat("n", 256), nil, 0o644, false)
		}, syscall.ENAMETOOLONG},
		{"a path too long", func(f *Files) error {
			return f.Write(strings.Repeat("/n", 1024), nil, 0o644, false)
		}, syscall.ENAMETOOLONG},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.do(testPhone(t).Files); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestFullStorage(t *testing.T) {
	f := testPhone(t).Files
	f.SetCapacity(10)
	if err := f.Write("/sdcard/a", make([]byte, 8), 0o644, false); err != nil {
		t.Fatal(err)
	}
	if err := f.Write("/sdcard/a", make([]byte, 3), 0o644, true); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("appending beyond the disk: %v", err)
	}
	if err := f.Remove("/sdcard/a", false); err != nil {
		t.Fatal(err)
	}
	if err := f.Write("/sdcard/b", make([]byte, 10), 0o644, false); err != nil {
		t.Errorf("after removing there is room: %v", err)
	}
	if used, _ := f.Usage(); used != 10 {
		t.Errorf("used %d, want 10", used)
	}
}

func TestFilesSurviveARebootAndTheBootIDDoesNot(t *testing.T) {
	p := testPhone(t)
	before, err := p.Files.Read("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Files.Write("/sdcard/a", []byte("kept"), 0o600, false); err != nil {
		t.Fatal(err)
	}
	boot := p.Boot()
	p.Props.Set("debug.volatile", "1")
	p.Props.Set("persist.kept", "1")
	p.Reboot()
	after, _ := p.Files.Read("/proc/sys/kernel/random/boot_id")
	kept, err := p.Files.Read("/storage/emulated/0/a")
	if string(before) == string(after) || string(kept) != "kept" || err != nil {
		t.Errorf("boot id %q -> %q, file %q %v", before, after, kept, err)
	}
	if boot.Err() == nil || p.Boot().Err() != nil {
		t.Error("the old boot's context must end, the new one's not")
	}
	if p.Props.Get("debug.volatile") != "" || p.Props.Get("persist.kept") != "1" {
		t.Error("a reboot keeps persist. properties and no others")
	}
}

func TestFilePermissionBitsAndLinks(t *testing.T) {
	f := testPhone(t).Files
	_ = f.Write("/sdcard/a", []byte("abc"), 0o600, false)
	_ = f.Symlink("a", "/sdcard/l")
	info, err := f.Stat("/sdcard/l", false)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 || info.Target != "a" {
		t.Errorf("lstat: %+v %v", info, err)
	}
	info, err = f.Stat("/sdcard/l", true)
	if err != nil || info.Size() != 3 || info.Mode() != 0o600 || info.Real != "/storage/emulated/0/a" {
		t.Errorf("stat: %+v %v", info, err)
	}
}
