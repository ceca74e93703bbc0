package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/profile"
)

// started runs a verb that serves until its context ends. wait ends it and gives its exit code.
func started(t *testing.T, args ...string) (out *bufio.Reader, wait func() (int, string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	r, w := io.Pipe()
	var errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, args, &console{In: strings.NewReader(""), Out: w, Err: &errs})
		w.Close()
	}()
	return bufio.NewReader(r), func() (int, string) {
		cancel()
		go func() { _, _ = io.Copy(io.Discard, r) }() // what the verb still prints must not hold it up
		c := <-code
		return c, errs.String()
	}
}

// What `virtual` prints is a whole devices.yaml: it loads, its phones answer, and none of them reaches the real internet.
func TestVirtualPrintsADevicesYAML(t *testing.T) {
	dir := t.TempDir()
	manifests := filepath.Join(dir, "manifests")
	out, wait := started(t, "--state", filepath.Join(dir, "state"), "virtual", "--personality", "clean", "--personality", "clean", "--manifest-dir", manifests)
	var text strings.Builder
	for strings.Count(text.String(), "browsers: [") < 2 {
		line, err := out.ReadString('\n')
		if err != nil {
			code, errs := wait()
			t.Fatalf("it ended with %d before it printed everything: %s", code, errs)
		}
		text.WriteString(line)
	}
	file := filepath.Join(dir, "devices.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := profile.Load(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	for i, id := range []string{"clean", "clean-2"} {
		p := cfg.Phones[i]
		if p.ID != id || p.Upstream.Resolve == "" || p.Upstream.Trust == "" || len(p.Browsers) != 1 {
			t.Errorf("phone %d is %+v", i, p)
		}
		for _, addr := range []string{p.Address, p.Upstream.Resolve} {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatalf("nothing listens where the file says: %v", err)
			}
			conn.Close()
		}
	}
	if _, err := os.Stat(manifests); err == nil {
		t.Error("manifests are written before the end")
	}
	if code, errs := wait(); code != exitClean {
		t.Fatalf("exit status %d: %s", code, errs)
	}
	for _, id := range []string{"clean", "clean-2"} {
		raw, err := os.ReadFile(filepath.Join(manifests, id+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(raw) {
			t.Errorf("the manifest of %s is not JSON: %s", id, raw)
		}
	}
}

func TestVirtualRefusesAnUnknownPersonality(t *testing.T) {
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"--state", t.TempDir(), "virtual", "--personality", "leaky-2002"}, &console{In: strings.NewReader(""), Out: &out, Err: &errs})
	if code != exitFailed || out.Len() > 0 || !strings.Contains(errs.String(), "leaky-2020") {
		t.Errorf("exit status %d, standard output %q, standard error %q", code, out.String(), errs.String())
	}
}
