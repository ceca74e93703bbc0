package adbtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/telltale-farm/telltale/adb"
)

// place makes the suite's folder on the phone, empty, and removes it after the test.
func (s suite) place(t *testing.T) string {
	t.Helper()
	empty := func() error {
		ctx, cancel := s.after()
		defer cancel()
		_, err := s.d.Shell(ctx, "rm", "-rf", folder)
		return err
	}
	if err := empty(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := empty(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.d.Shell(s.within(t), "mkdir", "-p", folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

func files(t *testing.T, s suite) {
	ctx := s.within(t)
	dir := s.place(t)

	t.Run("there and back", func(t *testing.T) {
		for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, s.Large} {
			data, path := noise(size), fmt.Sprintf("%s/f%d", dir, size)
			if err := s.d.Push(ctx, bytes.NewReader(data), path, 0o640); err != nil {
				t.Errorf("push of %d bytes: %v", size, err)
				continue
			}
			var back bytes.Buffer
			err := s.d.Pull(ctx, path, &back)
			check(t, fmt.Sprintf("pull of %d bytes", size), bytes.Equal(back.Bytes(), data), back.Len(), err)
			res, err := s.d.Script(ctx, "cat "+adb.Quote(path)+" | wc -c")
			check(t, "the shell sees the same file", bytes.Equal(bytes.TrimSpace(res.Stdout), []byte(fmt.Sprint(size))), res.Stdout, err)
		}
	})
	t.Run("over an old file", func(t *testing.T) {
		path := dir + "/old"
		for _, text := range []string{"a long first text", "short"} {
			if err := s.d.Push(ctx, bytes.NewReader([]byte(text)), path, 0o600); err != nil {
				t.Fatal(err)
			}
			var back bytes.Buffer
			err := s.d.Pull(ctx, path, &back)
			check(t, text, back.String() == text, back.String(), err)
		}
	})
	t.Run("names", func(t *testing.T) {
		sub := dir + "/names"
		if _, err := s.d.Shell(ctx, "mkdir", "-p", sub+"/folder"); err != nil {
			t.Fatal(err)
		}
		names := []string{"plain", "two words", "it's", "a&b;c", "日本語", "comma,33188", "-dash", "$HOME"}
		for _, n := range names {
			if err := s.d.Push(ctx, bytes.NewReader([]byte(n)), sub+"/"+n, 0o600); err != nil {
				t.Errorf("push of %q: %v", n, err)
			}
		}
		list, err := s.d.List(ctx, sub)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]adb.File{}
		for _, f := range list {
			got[f.Name] = f
		}
		for _, n := range names {
			f, ok := got[n]
			check(t, fmt.Sprintf("listing %q", n), ok && f.Size == int64(len(n)) && f.Mode.IsRegular() && !f.ModTime.IsZero(), f, nil)
		}
		check(t, "listing a folder", got["folder"].Mode.IsDir(), got["folder"], nil)
		check(t, "number of entries", len(list) == len(names)+1, list, nil)
	})
	t.Run("what is not there", func(t *testing.T) {
		if err := s.d.Pull(ctx, dir+"/none", io.Discard); !errors.Is(err, adb.NoFile) {
			t.Errorf("pull: %v", err)
		}
		if _, err := s.d.List(ctx, dir+"/none"); !errors.Is(err, adb.NoFile) {
			t.Errorf("list: %v", err)
		}
		if list, err := s.d.List(ctx, dir+"/names/folder"); err != nil || len(list) != 0 {
			t.Errorf("list of an empty folder: %v, %v", list, err)
		}
		if err := s.d.Push(ctx, bytes.NewReader([]byte("x")), "/proc/telltale", 0o600); adb.ClassOf(err) != adb.ClassPhone {
			t.Errorf("push where nothing can be written: %v", err)
		}
	})
}
