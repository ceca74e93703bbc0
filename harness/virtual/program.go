package virtual

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/shell"
)

// doorVariable is the environment variable by which a program of the phone's learns where its phone is: the kernel that
// runs it is this computer's. The program asks the door for what a system call would do on a phone.
const doorVariable = "TELLTALE_PHONE"

// Bounds of the door.
const (
	maxQuestion  = 64 << 10
	questionTime = 30 * time.Second
	maxQuestions = 4096 // at once
)

// programs runs binaries that were pushed to the phone as processes of this computer: only those of a list, byte for
// byte, since whoever reaches the phone's adb could push anything.
type programs struct {
	p       *Phone
	allowed []string // files of this computer

	mu       sync.Mutex
	sums     map[[sha256.Size]byte]string // of the allowed files
	listener net.Listener
	secret   string
	ports    map[int]int // ports of the phone's loopback that a program listens on -> real ones
	closed   bool
	conns    map[net.Conn]bool
	work     sync.WaitGroup
}

func newPrograms(p *Phone, allowed []string) *programs {
	return &programs{p: p, allowed: allowed, ports: map[int]int{}, conns: map[net.Conn]bool{}}
}

// run is a shell.Program.
func (g *programs) run(ctx context.Context, e shell.Exec) (int, bool) {
	path, address := g.prepare(sha256.Sum256(e.Data))
	if path == "" {
		return 0, false
	}
	cmd := exec.CommandContext(ctx, path, e.Args...)
	cmd.Env = []string{doorVariable + "=" + address}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = e.Stdout, e.Stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, true
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode(), true
	}
	return 137, true // killed
}

// prepare finds the file that a program is a copy of, and opens the door with the first.
func (g *programs) prepare(sum [sha256.Size]byte) (path, address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(g.allowed) == 0 {
		return "", ""
	}
	if g.sums == nil {
		g.sums = map[[sha256.Size]byte]string{}
		for _, name := range g.allowed {
			if data, err := os.ReadFile(name); err == nil {
				g.sums[sha256.Sum256(data)] = name
			}
		}
	}
	if path = g.sums[sum]; path == "" {
		return "", ""
	}
	if g.listener == nil {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return "", ""
		}
		g.listener, g.secret = l, rand.Text()
		g.work.Go(func() { g.accept(l) })
	}
	return path, g.listener.Addr().String() + "/" + g.secret
}

func (g *programs) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		g.mu.Lock()
		full := g.closed || len(g.conns) >= maxQuestions
		if !full {
			g.conns[c] = true
		}
		g.mu.Unlock()
		if full {
			_ = c.Close()
			continue
		}
		g.work.Go(func() {
			g.answer(c)
			_ = c.Close()
			g.mu.Lock()
			delete(g.conns, c)
			g.mu.Unlock()
		})
	}
}

type question struct {
	Secret string   `json:"secret"`
	Do     string   `json:"do"`
	Host   string   `json:"host"`
	Port   int      `json:"port"`
	Real   int      `json:"real"`
	Path   string   `json:"path"`
	Argv   []string `json:"argv"`
}

func (g *programs) answer(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(questionTime))
	r := bufio.NewReaderSize(io.LimitReader(c, maxQuestion), 4096)
	line, err := r.ReadBytes('\n')
	var q question
	if err != nil || json.Unmarshal(line, &q) != nil || subtle.ConstantTimeCompare([]byte(q.Secret), []byte(g.secret)) != 1 {
		return
	}
	say := func(data []byte, err error) bool {
		a := map[string]any{}
		if data != nil {
			a["data"] = data
		}
		if err != nil {
			a["error"] = err.Error()
		}
		text, _ := json.Marshal(a) // strings and bytes always can be
		_, werr := c.Write(append(text, '\n'))
		return err == nil && werr == nil
	}
	ctx, cancel := context.WithTimeout(g.p.state.Boot(), questionTime)
	defer cancel()
	switch q.Do {
	case "read":
		say(g.p.state.Files.Read(phone.Clean("/", q.Path)))
	case "run":
		say(nil, g.command(ctx, q.Argv))
	case "listen":
		release, err := g.listen(q.Port, q.Real)
		if err != nil {
			say(nil, err)
			return
		}
		defer release()
		if say(nil, nil) {
			_ = c.SetDeadline(time.Time{})
			stop := context.AfterFunc(g.p.state.Boot(), func() { _ = c.Close() })
			defer stop()
			_, _ = c.Read(make([]byte, 1)) // the program's end
		}
	case "dial":
		// Android runs adb's programs as the shell; its sockets are the shell's.
		app := g.p.network.App(network.AppOptions{UID: phone.ShellUID, Package: "com.android.shell", Stack: network.Chromium})
		far, err := app.Dial(ctx, "tcp", net.JoinHostPort(q.Host, strconv.Itoa(q.Port)))
		if say(nil, err) {
			_ = c.SetDeadline(time.Time{})
			splice(c, far)
		}
		if far != nil {
			_ = far.Close()
		}
	default:
		say(nil, fmt.Errorf("no such question: %q", q.Do))
	}
}

// command runs a command line of the phone's shell.
func (g *programs) command(ctx context.Context, argv []string) error {
	quoted := make([]string, len(argv))
	for i, a := range argv {
		quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	var out strings.Builder
	if code := g.p.shell.Run(ctx, shell.Command{Line: strings.Join(quoted, " "), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out}); code != 0 {
		return fmt.Errorf("exit status %d: %s", code, out.String()[:min(out.Len(), 200)])
	}
	return nil
}

// listen gives a port of the phone's loopback to a program, until release.
func (g *programs) listen(port, real int) (release func(), err error) {
	if port < 1 || port > 65535 || real < 1 || real > 65535 {
		return nil, errors.New("bind: Invalid argument")
	}
	g.p.mu.Lock()
	reversed := g.p.listening[port] != nil
	g.p.mu.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	if reversed || g.ports[port] != 0 {
		return nil, errors.New("bind: Address already in use")
	}
	g.ports[port] = real
	row := g.p.network.Listen(phone.ShellUID, port)
	return func() {
		row()
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.ports, port)
	}, nil
}

// loopback is a network.Loopback: a port of a program, else adb's.
func (g *programs) loopback(ctx context.Context, port int, bound func(local uint16)) (net.Conn, error) {
	g.mu.Lock()
	real := g.ports[port]
	g.mu.Unlock()
	if real == 0 {
		bound(0)
		return g.p.adb.DialReverse(ctx, port)
	}
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if cerr := c.Control(func(fd uintptr) {
			var local uint16
			if local, err = bind(int(fd)); err == nil {
				bound(local)
			}
		}); cerr != nil {
			return cerr
		}
		return err
	}}
	return d.DialContext(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(real)))
}

// bind gives a socket of this computer's loopback its port before it connects.
func bind(fd int) (port uint16, err error) {
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	v4, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return 0, errors.New("a socket of IPv4 has an address of another kind")
	}
	return uint16(v4.Port), nil
}

// close ends the door; programs see that and end.
func (g *programs) close() {
	g.mu.Lock()
	g.closed = true
	if g.listener != nil {
		_ = g.listener.Close()
	}
	for c := range g.conns {
		_ = c.Close()
	}
	g.mu.Unlock()
	g.work.Wait()
}

// splice copies both ways until both are done, or one of them fails.
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	copyTo := func(to, from net.Conn) {
		_, err := io.Copy(to, from)
		half, ok := to.(interface{ CloseWrite() error })
		if err != nil || !ok || half.CloseWrite() != nil {
			_ = a.Close()
			_ = b.Close()
		}
	}
	both.Go(func() { copyTo(b, a) })
	both.Go(func() { copyTo(a, b) })
	both.Wait()
}
