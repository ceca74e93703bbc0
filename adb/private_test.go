package adb

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// startPrivate gives a real adb server without phones; the test is skipped where adb is not installed.
func startPrivate(t *testing.T) *PrivateServer {
	t.Helper()
	if _, err := exec.LookPath("adb"); err != nil {
		t.Skip("adb is not installed")
	}
	log := &logBuffer{}
	p, err := StartPrivate(t.Context(), PrivateOptions{Home: filepath.Join(t.TempDir(), "home"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("adb server's log:\n%s", log)
		}
	})
	return p
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestPrivateServer(t *testing.T) {
	p, ctx := startPrivate(t), t.Context()
	if v, err := p.Version(ctx); v != 41 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
	if list, err := p.Devices(ctx); len(list) != 0 || err != nil {
		t.Errorf("phones %v, %v", list, err)
	}
	if _, err := p.State(ctx, "nobody"); !errors.Is(err, NotFound) {
		t.Errorf("state of a phone that is not there: %v", err)
	}
	if _, err := p.Device("nobody", Options{}).Shell(ctx, "true"); !errors.Is(err, NotFound) || ClassOf(err) != ClassPhone {
		t.Errorf("command for a phone that is not there: %v", err)
	}
	if err := p.Connect(ctx, "127.0.0.1:1"); !errors.Is(err, Unreachable) {
		t.Errorf("connect to a closed port: %v", err)
	}
	if err := p.Disconnect(ctx, "127.0.0.1:1"); err != nil {
		t.Errorf("disconnect of an unknown phone: %v", err)
	}
}

func TestPrivateServerRestartsOnItsPort(t *testing.T) {
	p, ctx := startPrivate(t), t.Context()
	events, err := p.Track(ctx)
	if err != nil {
		t.Fatal(err)
	}
	addr := p.Addr
	if err := p.proc.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	e, ok := <-events
	if !ok || !errors.Is(e.Err, ServerGone) {
		t.Errorf("event %+v, %v", e, ok)
	}
	if _, err := p.Version(ctx); !errors.Is(err, ServerGone) {
		t.Errorf("a dead server answers: %v", err)
	}
	if err := p.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if p.Addr != addr {
		t.Errorf("address %s, was %s", p.Addr, addr)
	}
	if _, err := p.Version(ctx); err != nil {
		t.Error(err)
	}
}

func TestADBNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := StartPrivate(t.Context(), PrivateOptions{Home: t.TempDir()})
	if !errors.Is(err, NotInstalled) || !strings.Contains(err.Error(), "apt-get install adb") {
		t.Errorf("error %v", err)
	}
}

func TestPrivateEnv(t *testing.T) {
	got := privateEnv([]string{"PATH=/bin", "HOME=/root", "ANDROID_SERIAL=x", "ADB_VENDOR_KEYS=y", "ANDROID_ADB_SERVER_PORT=1", "ADB_TRACE=all"}, "/h")
	slices.Sort(got)
	want := []string{"ADB_EMU=0", "ADB_MDNS=0", "ADB_USB=0", "HOME=/h", "PATH=/bin"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
