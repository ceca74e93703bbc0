package adb_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
)

func TestFiles(t *testing.T) {
	d, _ := attached(t, adbd.Options{})
	ctx := t.Context()
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 3 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			want := make([]byte, size)
			rand.Read(want)
			// A reader that gives its last bytes together with the end: gadb alone would lose them.
			if err := d.Push(ctx, iotest.DataErrReader(bytes.NewReader(want)), "/it's a file", 0o640); err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := d.Pull(ctx, "/it's a file", &got); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%d bytes came back, want %d", got.Len(), len(want))
			}
			list, err := d.List(ctx, "/")
			if err != nil || len(list) != 1 {
				t.Fatalf("list %v, %v", list, err)
			}
			if f := list[0]; f.Name != "it's a file" || f.Size != int64(size) || f.Mode != 0o640 || f.ModTime.IsZero() {
				t.Errorf("listed as %+v", f)
			}
		})
	}
}

func TestFilesFail(t *testing.T) {
	d, phone := attached(t, adbd.Options{})
	ctx := t.Context()
	broken := errors.New("disk on fire")
	tests := []struct {
		name string
		call func() error
		want adb.Code
		is   error
	}{
		{"pull of a missing file", func() error { return d.Pull(ctx, "/none", io.Discard) }, adb.NoFile, nil},
		{"list of a missing folder", func() error { _, err := d.List(ctx, "/none"); return err }, adb.NoFile, fs.ErrNotExist},
		{"push into a missing folder", func() error { return d.Push(ctx, bytes.NewReader([]byte("x")), "/none/x", 0o600) }, adb.NoFile, nil},
		{"push from a broken reader", func() error { return d.Push(ctx, iotest.ErrReader(broken), "/x", 0o600) }, adb.LocalFile, broken},
		{"no path", func() error { return d.Pull(ctx, "", io.Discard) }, adb.Usage, nil},
		{"NUL in the path", func() error { return d.Pull(ctx, "/x\x00", io.Discard) }, adb.Usage, nil},
		{"sync refused", func() error { phone.RefuseServices("sync"); return d.Pull(ctx, "/x", io.Discard) }, adb.Closed, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.call()
			if !errors.Is(err, tt.want) || (tt.is != nil && !errors.Is(err, tt.is)) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestPullIntoABrokenWriter(t *testing.T) {
	d, _ := attached(t, adbd.Options{})
	if err := d.Push(t.Context(), bytes.NewReader(make([]byte, 1<<20)), "/big", 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("disk full")
	r, w := io.Pipe()
	r.CloseWithError(broken)
	if err := d.Pull(t.Context(), "/big", w); !errors.Is(err, adb.LocalFile) || !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	small := d.Server().Device(d.Serial(), adb.Options{Limits: adb.Limits{File: 1000}})
	var got bytes.Buffer
	if err := small.Pull(t.Context(), "/big", &got); !errors.Is(err, adb.TooLarge) || got.Len() > 1000 {
		t.Errorf("%d bytes, error %v", got.Len(), err)
	}
}
