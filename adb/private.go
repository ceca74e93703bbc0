package adb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// PrivateOptions set up a private adb server.
type PrivateOptions struct {
	Home string    // folder that stands for the server's home: its key is made in Home/.android. Required
	Log  io.Writer // the server's own log, to be kept as evidence; may be nil
}

// PrivateServer is an adb server of our own, that looks at neither USB nor the local network: phones come to it by
// [Server.Connect]. On Linux it dies with this process. Close it.
type PrivateServer struct {
	Server
	options PrivateOptions

	mu   sync.Mutex
	proc *process
}

type process struct {
	cmd  *exec.Cmd
	tail *tail
	done chan struct{} // closed when it has ended
	err  error
}

// StartPrivate starts an adb server on a port that the system chooses and waits until it answers. We bind the port and
// hand the listener over, so there is no race for it and no waiting (measured: first answer after 5 ms).
func StartPrivate(ctx context.Context, o PrivateOptions) (*PrivateServer, error) {
	p := &PrivateServer{options: o}
	if err := p.start(ctx, "127.0.0.1:0"); err != nil {
		return nil, err
	}
	return p, nil
}

// Restart starts the server again on the same port, ending it first if it still runs. Its phones must be connected and
// their reverse tunnels ensured again; keys are kept.
func (p *PrivateServer) Restart(ctx context.Context) error {
	if err := p.Close(); err != nil {
		return err
	}
	return p.start(ctx, p.Addr)
}

// Done is closed when the server process has ended, by [PrivateServer.Close] or by itself.
func (p *PrivateServer) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proc.done
}

// Close ends the server and waits for that. It may be called again.
func (p *PrivateServer) Close() error {
	p.mu.Lock()
	proc := p.proc
	p.mu.Unlock()
	if err := proc.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return newFault(ServerGone, "", "ending the private adb server", err)
	}
	<-proc.done
	return nil
}

func (p *PrivateServer) start(ctx context.Context, addr string) error {
	const op = "starting a private adb server"
	path, err := findADB(op)
	if err != nil {
		return err
	}
	if p.options.Home == "" {
		return newFault(Usage, "", op, errors.New("no Home"))
	}
	if err := os.MkdirAll(p.options.Home, 0o700); err != nil {
		return newFault(LocalFile, "", op, err)
	}
	ln, err := net.Listen("tcp4", addr)
	if err != nil {
		return newFault(ServerGone, "", op, err)
	}
	defer ln.Close()
	file, err := ln.(*net.TCPListener).File()
	if err != nil {
		return newFault(ServerGone, "", op, err)
	}
	defer file.Close()

	proc := &process{tail: &tail{next: p.options.Log}, done: make(chan struct{})}
	proc.cmd = exec.Command(path, "-L", "acceptfd:3", "server", "nodaemon")
	proc.cmd.ExtraFiles = []*os.File{file}
	proc.cmd.Env = privateEnv(os.Environ(), p.options.Home)
	proc.cmd.Stdout, proc.cmd.Stderr = proc.tail, proc.tail
	dieWithUs(proc.cmd)
	if err := proc.start(); err != nil {
		return newFault(ServerGone, "", op, err)
	}
	ln.Close()
	file.Close()

	p.mu.Lock()
	p.proc = proc
	p.mu.Unlock()
	if at := ln.Addr().String(); p.Addr != at { // a restart keeps it; copies of Server may be in use
		p.Addr = at
	}
	ctx, cancel := withDeadline(ctx, 20*time.Second)
	defer cancel()
	if _, err := p.Version(ctx); err != nil {
		p.Close()
		return newFault(ServerGone, "", op, fmt.Errorf("%w; it said: %s", err, proc.tail))
	}
	return nil
}

// start runs the process from a thread that lives as long as it: on Linux the parent-death signal is bound to the
// thread that forked, not to our process.
func (p *process) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.done)
		}
	}()
	return <-started
}

// privateEnv is the environment of a private server. ADB_USB=0 matters most: two servers fight over one USB bus.
func privateEnv(env []string, home string) []string {
	var out []string
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if name == "HOME" || strings.HasPrefix(name, "ADB_") || strings.HasPrefix(name, "ANDROID_") {
			continue
		}
		out = append(out, kv)
	}
	return append(out, "HOME="+home, "ADB_USB=0", "ADB_MDNS=0", "ADB_EMU=0")
}

func findADB(op string) (string, error) {
	path, err := exec.LookPath("adb")
	if err != nil {
		return "", newFault(NotInstalled, "", op, err)
	}
	return path, nil
}

// tail keeps the end of what is written to it, and passes all of it on.
type tail struct {
	mu   sync.Mutex
	last []byte
	next io.Writer
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	if over := len(t.last) - 2048; over > 0 {
		t.last = t.last[over:]
	}
	if t.next != nil {
		t.next.Write(b) // a full disk must not stop the server
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.last))
}
