package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// large is how much is searched by the benchmarks of memory, and largeRSS how much of it may be in memory.
const (
	large    = 2 << 30
	largeRSS = 200 << 20
)

// BenchmarkScanLarge searches a HAR of 2 GiB, and says how much memory that takes at its most.
func BenchmarkScanLarge(b *testing.B) {
	canaries := filepath.Join(b.TempDir(), "canaries.json")
	if err := os.WriteFile(canaries, []byte(`{"canaries":[{"id":"q1","kind":"text","value":"quokka gantry 4f1c8a9e"}]}`), 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(large)
	for b.Loop() {
		r, w := io.Pipe()
		go func() { w.CloseWithError(writeLargeHAR(w)) }()
		cmd := exec.Command("telltale", "scan", "--canaries", canaries, "-")
		cmd.Stdin = r
		inMemory(b, cmd, 3)
	}
}

// writeLargeHAR writes requests of about 64 KiB of analytics events until there are enough, and one with the canary.
func writeLargeHAR(w io.Writer) error {
	if _, err := io.WriteString(w, `{"log":{"version":"1.2","creator":{"name":"bench","version":"1"},"entries":[`); err != nil {
		return err
	}
	bodies := largeBodies()
	entry := func(body string) string {
		text, _ := json.Marshal(body)
		return `{"request":{"method":"POST","url":"https://collector.example/e","httpVersion":"HTTP/1.1","headers":[],"queryString":[],"cookies":[],"headersSize":-1,"bodySize":-1,"postData":{"mimeType":"application/json","text":` +
			string(text) + `}},"response":{"status":200,"headers":[],"cookies":[],"content":{}}}`
	}
	var entries []string
	for _, body := range bodies {
		entries = append(entries, entry(body))
	}
	for n := 0; n < large; {
		e := entries[n%len(entries)]
		n += len(e)
		if _, err := io.WriteString(w, e+","); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, entry(`{"q":"quokka gantry 4f1c8a9e"}`)+"]}}")
	return err
}

// largeBodies are some bodies of about 64 KiB of events.
func largeBodies() (out []string) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 17 {
		var b strings.Builder
		b.WriteString("[")
		for b.Len() < 64<<10 {
			fmt.Fprintf(&b, `{"event":"page_view","t":%d,"id":"%016x","url":"https://news.example/%x?ref=home","props":{"title":"nothing to see here","d":%q}},`,
				r.Int64(), r.Uint64(), r.Uint32(), base64.StdEncoding.EncodeToString([]byte(fmt.Sprint("some words and numbers ", r.Uint64()))))
		}
		out = append(out, b.String()+`{"end":true}]`)
	}
	return out
}

// BenchmarkJudgeLarge judges a run of which 2 GiB were recorded.
func BenchmarkJudgeLarge(b *testing.B) {
	run := leaktest.Clean()
	p := run.Phones[0]
	bodies := largeBodies()
	for n, i := 0, int64(0); n < large; i++ {
		body := fmt.Sprintf(`{"n":%d,"events":%s}`, i, bodies[i%int64(len(bodies))])
		n += len(body)
		p.AddFlow(leaktest.Post(leaktest.Browser, "https://collector.example/e", 22_000_000+i, body))
	}
	dir := filepath.Join(b.TempDir(), "evidence", "run")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	run.WriteTo(b, dir)
	*run, *p, bodies = leaktest.Bundle{}, leaktest.Phone{}, nil
	b.SetBytes(large)
	for b.Loop() {
		inMemory(b, exec.Command("telltale", "judge", dir), leak.ExitError, leak.ExitTampered, leak.ExitIncomplete, leak.ExitClean)
	}
}

// inMemory runs a command that may end with these codes, and reports and bounds its memory: the most that the kernel had
// noted of it when it was last asked. What a parent used counts as its child's in the usage that wait gives.
func inMemory(b *testing.B, cmd *exec.Cmd, codes ...int) {
	b.Helper()
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var most int64 // KiB
	for running := true; running; {
		select {
		case <-ended:
			running = false
		case <-tick.C:
			raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
			for line := range strings.Lines(string(raw)) {
				var kib int64
				if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
					most = max(most, kib)
				}
			}
		}
	}
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(codes, code) {
		b.Fatalf("exit status %d: %s", code, said.String())
	}
	b.ReportMetric(float64(most)/1024, "MiB-RSS")
	if most<<10 > largeRSS {
		b.Errorf("%d MiB in memory, at most %d are allowed", most>>10, largeRSS>>20)
	}
}
