package adbd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const errNoSpace = syscall.ENOSPC

// adbServer is a private, real adb server.
type adbServer struct {
	addr string
	env  []string
	home string
	log  *bytes.Buffer
	dead chan struct{}
}

// startADB starts the real adb server on a listener of ours: no port race, and it is ready at once.
func startADB(t testing.TB) *adbServer {
	t.Helper()
	bin, err := exec.LookPath("adb")
	if err != nil {
		t.Skip("adb is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	s := &adbServer{addr: l.Addr().String(), home: t.TempDir(), log: new(bytes.Buffer), dead: make(chan struct{})}
	for _, kv := range os.Environ() {
		switch name, _, _ := strings.Cut(kv, "="); name {
		case "HOME", "ANDROID_SERIAL", "ADB_VENDOR_KEYS", "ANDROID_ADB_SERVER_PORT", "TERM", "ADB_TRACE":
		default:
			s.env = append(s.env, kv)
		}
	}
	s.env = append(s.env, "HOME="+s.home, "TMPDIR="+s.home, "ADB_USB=0", "ADB_MDNS=0", "ADB_EMU=0", "TERM=xterm",
		"ADB_SERVER_SOCKET=tcp:"+s.addr)
	cmd := exec.Command(bin, "-L", "acceptfd:3", "server", "nodaemon")
	cmd.Env, cmd.ExtraFiles, cmd.Stderr = s.env, []*os.File{file}, s.log
	if runtime.GOOS == "linux" {
		dieWithTest(cmd)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	file.Close()
	go func() {
		cmd.Wait()
		close(s.dead)
	}()
	t.Cleanup(func() {
		if s.isDead() {
			t.Errorf("the adb server ended by itself:\n%s", s.log)
		}
		cmd.Process.Kill()
		<-s.dead
	})
	return s
}

func (s *adbServer) isDead() bool { return isClosed(s.dead) }

type result struct {
	out, err string
	code     int
}

// run runs the adb client.
func (s *adbServer) run(t testing.TB, stdin io.Reader, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "adb", args...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.env, stdin, &out, &errs
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("adb %q: %v\n%s", args, err, errs.String())
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// adb runs the client on a phone and wants exit code 0.
func (s *adbServer) adb(t testing.TB, phone *Server, args ...string) string {
	t.Helper()
	r := s.run(t, nil, append([]string{"-s", phone.Addr().String()}, args...)...)
	if r.code != 0 {
		t.Fatalf("adb %q: exit %d\n%s%s", args, r.code, r.out, r.err)
	}
	return r.out
}

// connect makes the server know the phone and waits until it is usable.
func (s *adbServer) connect(t testing.TB, phone *Server) {
	t.Helper()
	r := s.run(t, nil, "connect", phone.Addr().String())
	if !strings.HasPrefix(r.out, "connected to") {
		t.Fatalf("adb connect: %q %q", r.out, r.err)
	}
}

func (s *adbServer) state(t testing.TB, phone *Server) string {
	t.Helper()
	for line := range strings.Lines(s.run(t, nil, "devices").out) {
		if serial, state, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && serial == phone.Addr().String() {
			return state
		}
	}
	return ""
}

// back waits until the server has the phone again after a lost link.
func (s *adbServer) back(t testing.TB, phone *Server) {
	t.Helper()
	eventually(t, func() bool { return phone.Stats().Online == 1 && s.state(t, phone) == "device" },
		func() string { return "the adb server did not come back: " + s.state(t, phone) })
}

// leakChecked are the running tests that look for goroutines at their end.
var leakChecked sync.Map

// startPhone serves a toy and asserts after Close that nothing of it is left.
func startPhone(t testing.TB, o Options) (*Server, *toy) {
	t.Helper()
	d := newToy()
	if o.Device == nil {
		o.Device = d
	}
	if o.Logf == nil {
		o.Logf = t.Logf
	}
	s := New(o)
	if err := s.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if _, again := leakChecked.LoadOrStore(t.Name(), true); !again {
		t.Cleanup(func() { leakChecked.Delete(t.Name()); noGoroutines(t) }) // runs after every phone's Close
	}
	t.Cleanup(func() {
		s.Close()
		if left := s.Stats(); left != (Stats{}) {
			t.Errorf("after Close: %+v", left)
		}
	})
	return s, d
}

// noGoroutines fails if code of this package still runs anywhere but in this goroutine.
func noGoroutines(t testing.TB) {
	t.Helper()
	var left []string
	eventually(t, func() bool {
		left = nil
		buf := make([]byte, 4<<20)
		all := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		for _, g := range all[1:] {
			if strings.Contains(g, "virtual/adbd.(*") && !strings.Contains(g, "_test.go") {
				left = append(left, g)
			}
		}
		return len(left) == 0
	}, func() string { return "goroutines left after Close:\n" + strings.Join(left, "\n\n") })
}

// eventually waits until cond holds.
func eventually(t testing.TB, cond func() bool, explain func() string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(explain())
		}
	}
}

func writeFile(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, data, 0o640); err != nil {
		t.Fatal(err)
	}
	return name
}
