package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestARunOnAServedPhone drives a phone of `telltale virtual`, in a process of its own, by the block that it prints, and
// leaves it as it was.
func TestARunOnAServedPhone(t *testing.T) {
	r := newRig(t, built)
	devices, address := r.serve("leaky-2020")
	before := r.portrait(address)
	r.driveUntil(&gate{}, devices, -1)
	if diff := cmp.Diff(before, r.portrait(address)); diff != "" {
		t.Errorf("the run left the phone changed (-before +after):\n%s", diff)
	}
}

// serve starts one virtual phone in a process of its own, and returns a devices.yaml for it and its address.
func (r *rig) serve(personality string) (devices, address string) {
	r.t.Helper()
	cmd := r.command("virtual", "--personality", personality)
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	said := &bytes.Buffer{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			r.t.Errorf("telltale virtual: %v\n%s", err, said)
		}
	})
	devices = filepath.Join(r.t.TempDir(), "devices.yaml")
	file, err := os.Create(devices)
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	// The file is printed in one piece; its last line is known by the phone's browsers, so read until it loads.
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			r.t.Fatalf("telltale virtual printed no phone: %v\n%s", err, said)
		}
		io.WriteString(file, line)
		if at := strings.Index(line, "address:"); at >= 0 {
			address = strings.Trim(strings.TrimSpace(line[at+len("address:"):]), `"'`)
		}
		if strings.Contains(line, "browsers: [") {
			return devices, address
		}
	}
}
