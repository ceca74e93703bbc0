package adb_test

import (
	"bytes"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

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

// BenchmarkShellBySpawning is BenchmarkShell by the adb command, and says how many times as fast ours is.
func BenchmarkShellBySpawning(b *testing.B) {
	d, _ := attached(b, adbd.Options{Device: &echo{}})
	host, port, err := net.SplitHostPort(d.Server().Addr)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command("adb", "-H", host, "-P", port, "-s", d.Serial(), "shell", "true")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	spawned := b.Elapsed() / time.Duration(b.N)
	const rounds = 200
	begun := time.Now()
	for range rounds {
		if _, err := d.Shell(b.Context(), "true"); err != nil {
			b.Fatal(err)
		}
	}
	ours := time.Since(begun) / rounds
	b.ReportMetric(float64(spawned)/float64(ours), "times-faster")
	b.ReportMetric(float64(ours.Microseconds()), "us/ours")
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
