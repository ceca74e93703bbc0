package shell

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// session is one shell process: what adb starts for a command, or a script that one of its commands runs.
type session struct {
	sh       *Shell
	ctx      context.Context
	stop     context.CancelFunc
	pid      int
	dir      string
	env      map[string]string
	in       io.Reader
	out, err io.Writer
	depth    int // scripts that run scripts

	mu     sync.Mutex
	jobs   []*syntax.Stmt // statements that go on without the session
	lastBG int
	pipes  []io.Closer
}

const (
	maxDepth  = 32
	maxScript = 1 << 20
)

// locked makes a writer safe for the goroutines of a pipeline.
type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (sh *Shell) session(ctx context.Context, c Command) *session {
	s := &session{sh: sh, in: c.Stdin, dir: "/", env: map[string]string{
		"PATH": "/sbin:/system/sbin:/system/bin:/system/xbin:/vendor/bin:/vendor/xbin", "HOME": "/", "SHELL": "/system/bin/sh",
		"USER": "shell", "LOGNAME": "shell", "HOSTNAME": sh.phone.Props.Get("ro.product.device"), "TERM": "dumb",
		"ANDROID_ROOT": "/system", "ANDROID_DATA": "/data", "EXTERNAL_STORAGE": "/sdcard",
	}}
	mu := &sync.Mutex{}
	s.out, s.err = locked{mu, c.Stdout}, locked{mu, c.Stderr}
	s.begin(ctx, "sh")
	return s
}

// begin enters the session into the process table, so that kill finds it.
func (s *session) begin(ctx context.Context, name string) {
	s.ctx, s.stop = context.WithCancel(ctx)
	s.pid = s.sh.phone.Processes.Start(phone.ShellUID, 1, name, name, s.stop).PID
}

func (s *session) close() {
	s.stop()
	s.sh.phone.Processes.Exit(s.pid)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pipes {
		_ = p.Close()
	}
}

// child is a session for a script that a command of this one runs.
func (s *session) child(c *call, name string) *session {
	n := &session{sh: s.sh, in: c.in, out: c.out, err: c.err, dir: c.dir, env: s.env, depth: s.depth + 1}
	n.begin(c.ctx, name)
	return n
}

// parser reads mksh, the shell of Android.
func parser() *syntax.Parser { return syntax.NewParser(syntax.Variant(syntax.LangMirBSDKorn)) }

// script runs a text with $0 and parameters, waits for what it left in the background, and returns its exit code.
func (s *session) script(text, name string, params []string) int {
	if s.depth > maxDepth || len(text) > maxScript {
		return s.complain("sh: script too deep or too large")
	}
	file, err := parser().Parse(strings.NewReader(text), name)
	if err != nil {
		return s.complain("/system/bin/sh: syntax error: " + strings.TrimPrefix(err.Error(), name+":"))
	}
	if err := s.prepare(file); err != nil {
		return s.complain("/system/bin/sh: syntax error: " + err.Error())
	}
	r, err := s.runner(params, readsInput(file))
	if err != nil {
		return s.complain("/system/bin/sh: " + err.Error())
	}
	code := s.exit(r.Run(s.ctx, file))
	s.await(r)
	return code
}

// await waits for jobs in the background that still write to the session, as the stream of adb does.
func (s *session) await(r *interp.Runner) {
	_ = r.Run(s.ctx, simple("wait")) // a statement: a whole file would end the shell once more
}

func (s *session) complain(text string) int {
	_, _ = io.WriteString(s.err, text+"\n")
	return 1
}

// exit turns the interpreter's result into an exit code.
func (s *session) exit(err error) int {
	if s.ctx.Err() != nil {
		return hangup // a wait that was cut short ends without an error
	}
	if err == nil {
		return 0
	}
	if status, ok := interp.IsExitStatus(err); ok {
		return int(status)
	}
	return s.complain("/system/bin/sh: " + err.Error())
}

// interactive reads statements until the end of the input.
func (s *session) interactive(c Command) int {
	r, err := s.runner(nil, false)
	if err != nil {
		return s.complain("/system/bin/sh: " + err.Error())
	}
	prompt := func() {
		if c.Terminal {
			_, _ = io.WriteString(s.out, s.env["HOSTNAME"]+":"+r.Dir+" $ ")
		}
	}
	prompt()
	code := 0
	p := parser()
	err = p.Interactive(s.in, func(stmts []*syntax.Stmt) bool {
		if p.Incomplete() {
			return true
		}
		for _, st := range stmts {
			file := &syntax.File{Stmts: []*syntax.Stmt{st}}
			if s.prepare(file) != nil {
				continue
			}
			code = s.exit(r.Run(s.ctx, file.Stmts[0]))
			if r.Exited() || s.ctx.Err() != nil {
				return false
			}
		}
		prompt()
		return true
	})
	if err != nil && s.ctx.Err() == nil {
		return s.complain("/system/bin/sh: " + err.Error())
	}
	s.await(r)
	return code
}

// runner is an interpreter whose every door leads to the phone.
func (s *session) runner(params []string, reads bool) (*interp.Runner, error) {
	env := &environment{vars: s.env, tmp: nowhere, more: map[string]string{"__pid": strconv.Itoa(s.pid), "__ppid": "1"}}
	dir := s.dir
	var in io.Reader
	if reads && s.in != nil {
		pr, pw, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.pipes = append(s.pipes, pr, pw)
		s.mu.Unlock()
		go func() {
			_, _ = io.Copy(pw, s.in)
			_ = pw.Close()
		}()
		in = pr
	}
	r, err := interp.New(
		interp.Env(env), func(r *interp.Runner) error { r.Dir = dir; return nil },
		interp.StdIO(in, s.out, s.err), interp.Params(append([]string{"--"}, params...)...),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return s.exec }),
		interp.CallHandler(s.callHandler), interp.OpenHandler(s.openHandler), interp.StatHandler(s.statHandler),
		interp.ReadDirHandler2(s.readDirHandler), interp.AccessHandler(s.accessHandler),
	)
	if err != nil {
		return nil, err
	}
	r.Reset()
	env.tmp = "/data/local/tmp"
	return r, nil
}

// nowhere is a path that no file of the host can have: the interpreter would make its own pipes for process
// substitution there, which mksh does not have.
const nowhere = "/dev/null/none"

// environment is what a script finds in its variables.
type environment struct {
	vars, more map[string]string
	tmp        string
}

func (e *environment) Get(name string) expand.Variable {
	value, ok := e.vars[name]
	if !ok {
		value, ok = e.more[name]
	}
	switch home, user := strings.CutPrefix(name, "HOME "); {
	case user:
		value, ok = "~"+home, true // no user of the host is looked up
	case name == "TMPDIR":
		value, ok = e.tmp, true
	case name == "UID", name == "EUID", name == "GID":
		value, ok = strconv.Itoa(phone.ShellUID), true
	}
	if !ok {
		return expand.Variable{}
	}
	return expand.Variable{Set: true, Exported: true, Kind: expand.String, Str: value}
}

func (e *environment) Each(f func(string, expand.Variable) bool) {
	for name := range e.vars {
		if !f(name, e.Get(name)) {
			return
		}
	}
}
