package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// settled is a phone's block with the settle time of a real phone.
func settled(id string) string {
	return strings.Replace(phoneBlock(id, "clean", "chrome", standIn), "{min: 500ms, max: 10s}", "{min: 20s, max: 1m}", 1)
}

// BenchmarkPhones drives one virtual phone, and then many (40, or what TELLTALE_MANY says), each with a search and the
// settle time of a real phone. It says how many times as long the many take, and the memory of a worker: its
// proportional set size, at its most.
func BenchmarkPhones(b *testing.B) {
	many := 40
	if v := os.Getenv(manyEnv); v != "" {
		var err error
		if many, err = strconv.Atoi(v); err != nil {
			b.Fatal(err)
		}
	}
	var one time.Duration
	for _, n := range []int{1, many} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			var took time.Duration
			var pss int64
			for b.Loop() {
				took, pss = driveSettled(b, n)
			}
			b.ReportMetric(float64(pss)/1024, "MiB-PSS/worker")
			if n == 1 {
				one = took
			} else if one > 0 {
				b.ReportMetric(took.Seconds()/one.Seconds(), "times-as-long")
			}
		})
	}
}

// driveSettled drives so many phones in one run, and gives its time and the most memory of a worker, in KiB.
func driveSettled(b *testing.B, phones int) (took time.Duration, most int64) {
	bin, err := withRelay()
	if err != nil {
		b.Fatal(err)
	}
	r := &rig{t: b, bin: bin, state: b.TempDir(), out: filepath.Join(b.TempDir(), "evidence")}
	var blocks strings.Builder
	for i := range phones {
		blocks.WriteString(settled(fmt.Sprintf("phone-%d", i)))
	}
	cmd := r.command("run", "--devices", r.devices(blocks.String()), "--filter", "action:search && variant:private", "--out", r.out)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if total, workers := r.pss(); workers > 0 {
				most = max(most, total/int64(workers))
			}
		case <-ended:
			took := time.Since(begun)
			if code := cmd.ProcessState.ExitCode(); code != exitClean {
				b.Fatalf("%d phones: the run ended %d\n%s", phones, code, said.String())
			}
			return took, most
		}
	}
}

// pss adds up the memory of the workers of a run, in KiB.
func (r *rig) pss() (total int64, workers int) {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		line, err := os.ReadFile(p + "/cmdline")
		if err != nil || !strings.Contains(string(line), "scenarios.test") || !strings.Contains(string(line), r.state) {
			continue
		}
		rollup, err := os.ReadFile(p + "/smaps_rollup")
		if err != nil {
			continue
		}
		for l := range strings.Lines(string(rollup)) {
			if rest, ok := strings.CutPrefix(l, "Pss:"); ok {
				kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				total, workers = total+kib, workers+1
			}
		}
	}
	return total, workers
}
