package world

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// After a power cut `telltale restore` is the first that wants the adb server: it starts it, as a run would.
func TestReachStartsTheUsersServer(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	t.Setenv("ADB_SERVER_SOCKET", "")
	t.Setenv("ANDROID_ADB_SERVER_PORT", "1") // nobody listens there
	if err := os.WriteFile(filepath.Join(bin, "adb"), []byte("#!/bin/sh\necho \"$@: tried\"; exit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Reach(t.Context(), t.TempDir(), "", "7c2d9a10", ""); err == nil || !strings.Contains(err.Error(), "start-server: tried") {
		t.Errorf("error %v", err)
	}
}
