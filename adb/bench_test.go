package adb_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/telltale-farm/telltale/harness/virtual/adbd"
)

func BenchmarkShell(b *testing.B) {
	d, _ := attached(b, adbd.Options{Device: &echo{}})
	for b.Loop() {
		if _, err := d.Shell(b.Context(), "true"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPush2MiB(b *testing.B) {
	d, _ := attached(b, adbd.Options{})
	data := make([]byte, 2<<20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := d.Push(b.Context(), bytes.NewReader(data), "/x", 0o600); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPull2MiB(b *testing.B) {
	d, _ := attached(b, adbd.Options{})
	if err := d.Push(b.Context(), bytes.NewReader(make([]byte, 2<<20)), "/x", 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(2 << 20)
	for b.Loop() {
		if err := d.Pull(b.Context(), "/x", io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
