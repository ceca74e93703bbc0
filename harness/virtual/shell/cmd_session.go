package shell

import (
	"context"
	"io"
	"maps"
	"strconv"
	"strings"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// sessionCommands start other commands, or are parts of mksh itself. Names with two underscores are what callHandler
// and prepare put in place of mksh's own.
var sessionCommands = map[string]command{
	"sh": shCommand, "setsid": outliving, "nohup": outliving, "timeout": timeoutCommand, "env": envCommand, "printenv": envCommand,
	"which": whichCommand, "toybox": toyboxCommand, "su": suCommand, "xargs": xargsCommand,
	"echo": echoCommand, "__echo": echoCommand, "__print": printCommand, "true": func(*call) int { return 0 }, "false": func(*call) int { return 1 },
	"__detach": detachCommand, "__wait": waitCommand, "__lastbg": func(c *call) int { c.println(strconv.Itoa(c.s.last())); return 0 },
	"__type": typeCommand, "__which": whichCommand, "__hash": func(*call) int { return 0 }, "__kill": killCommand,
	"__ulimit":   func(c *call) int { c.println("unlimited"); return 0 },
	"__complain": func(c *call) int { return c.fail(1, "%s", strings.Join(c.args, " ")) },
	"__missing":  func(c *call) int { return c.fail(127, "/system/bin/sh: %s: inaccessible or not found", c.arg(0)) },
}

func (s *session) last() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastBG
}

// shCommand runs a script: from a file, from -c, or from its input.
func shCommand(c *call) int {
	n := c.s.child(c, "sh")
	defer n.close()
	args := c.args
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-c" && args[0] != "--" {
		args = args[1:]
	}
	switch {
	case len(args) > 1 && args[0] == "-c":
		name := "sh"
		if len(args) > 2 {
			name = args[2]
		}
		return n.script(args[1], name, args[min(3, len(args)):])
	case len(args) > 0 && args[0] != "--":
		data, err := c.sh.phone.Files.Read(c.path(args[0]))
		if err != nil {
			return c.fail(127, "sh: %s: %s", args[0], reason(err))
		}
		return n.script(string(data), args[0], args[1:])
	}
	data, err := io.ReadAll(io.LimitReader(c.in, maxScript+1))
	if err != nil {
		return 1
	}
	n.in = nil
	return n.script(string(data), "sh", nil)
}

// outlive makes a context that ends with the phone's boot instead of with the session.
func (c *call) outlive() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.ctx))
	stop := context.AfterFunc(c.sh.phone.Boot(), cancel)
	return ctx, func() { stop(); cancel() }
}

// outliving is setsid and nohup: the command goes on when the session has ended.
func outliving(c *call) int {
	args := c.args
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		args = args[1:]
	}
	if len(args) == 0 {
		return c.usage()
	}
	ctx, cancel := c.outlive()
	inner := *c
	inner.ctx, inner.name, inner.args = ctx, args[0], args[1:]
	done := make(chan int, 1)
	if !c.sh.start(func() { defer cancel(); done <- c.s.run(&inner) }) {
		cancel()
		return hangup
	}
	select {
	case code := <-done:
		return code
	case <-c.ctx.Done():
		return hangup
	}
}

// detachCommand starts a statement that goes on by itself; the session does not wait for it.
func detachCommand(c *call) int {
	number, err := strconv.Atoi(c.arg(0))
	c.s.mu.Lock()
	known := err == nil && number >= 0 && number < len(c.s.jobs)
	var st *syntax.Stmt
	if known {
		st = c.s.jobs[number]
	}
	c.s.mu.Unlock()
	if !known {
		return 127
	}
	env := maps.Clone(c.s.env)
	interp.HandlerCtx(c.ctx).Env.Each(func(name string, v expand.Variable) bool {
		if v.Kind == expand.String {
			env[name] = v.Str
		}
		return true
	})
	n := &session{sh: c.sh, dir: c.dir, env: env, out: io.Discard, err: io.Discard, depth: c.s.depth + 1}
	n.begin(c.sh.phone.Boot(), "sh")
	c.sh.phone.Processes.IgnoreInterrupt(n.pid)
	file := &syntax.File{Stmts: []*syntax.Stmt{st}}
	r, err := n.runner(c.args[1:], false)
	if err != nil {
		n.close()
		return c.fail(1, "/system/bin/sh: %v", err)
	}
	started := c.sh.start(func() {
		defer n.close()
		_ = n.exit(r.Run(n.ctx, file))
		n.await(r)
	})
	if !started {
		n.close()
		return hangup
	}
	c.s.mu.Lock()
	c.s.lastBG = n.pid
	c.s.mu.Unlock()
	return 0
}

// waitEvery is how often a wait looks whether a process has ended.
const waitEvery = 20 * time.Millisecond

// waitCommand waits for processes that went on by themselves.
func waitCommand(c *call) int {
	for _, a := range c.args {
		pid, err := strconv.Atoi(a)
		for err == nil && c.sh.phone.Processes.Has(pid) {
			if !wait(c.ctx, waitEvery) {
				return hangup
			}
		}
	}
	return 0
}

func timeoutCommand(c *call) int {
	if len(c.args) < 2 {
		return c.usage()
	}
	d, ok := seconds(c.args[0])
	if !ok {
		return c.fail(1, "timeout: invalid number '%s'", c.args[0])
	}
	ctx, cancel := context.WithTimeout(c.ctx, d)
	defer cancel()
	inner := *c
	inner.ctx, inner.name, inner.args = ctx, c.args[1], c.args[2:]
	code := c.s.run(&inner)
	if ctx.Err() == context.DeadlineExceeded {
		return 124
	}
	return code
}

// seconds reads a duration of toybox: "1", "0.5", "2m".
func seconds(text string) (time.Duration, bool) {
	unit := time.Second
	switch {
	case strings.HasSuffix(text, "m"):
		unit = time.Minute
	case strings.HasSuffix(text, "h"):
		unit = time.Hour
	case strings.HasSuffix(text, "d"):
		unit = 24 * time.Hour
	}
	f, err := strconv.ParseFloat(strings.TrimRight(text, "smhd"), 64)
	if err != nil || f < 0 || f > 1e7 {
		return 0, false
	}
	return time.Duration(f * float64(unit)), true
}

func envCommand(c *call) int {
	if len(c.args) > 0 && c.name == "printenv" {
		v := interp.HandlerCtx(c.ctx).Env.Get(c.args[0])
		if !v.IsSet() {
			return 1
		}
		c.println(v.String())
		return 0
	}
	args := c.args
	for len(args) > 0 && strings.Contains(args[0], "=") {
		args = args[1:]
	}
	if len(args) > 0 {
		inner := *c
		inner.name, inner.args = args[0], args[1:]
		return c.s.run(&inner)
	}
	interp.HandlerCtx(c.ctx).Env.Each(func(name string, v expand.Variable) bool {
		if v.Exported {
			c.println(name + "=" + v.String())
		}
		return true
	})
	return 0
}

// known tells whether a name is a command or a builtin that a phone has.
func (sh *Shell) known(name string) bool {
	return sh.table[name] != nil && !strings.HasPrefix(name, "__")
}

func whichCommand(c *call) int {
	code := 0
	for _, name := range c.args {
		switch info, err := c.sh.phone.Files.Stat(c.path(name), true); {
		case c.sh.known(name):
			c.println("/system/bin/" + name)
		case strings.Contains(name, "/") && err == nil && !info.IsDir():
			c.println(name)
		case c.name == "__which" && interp.IsBuiltin(name):
			c.println(name)
		default:
			code = 1
		}
	}
	return code
}

func typeCommand(c *call) int {
	code := 0
	for _, name := range c.args {
		switch {
		case c.sh.known(name):
			c.println(name + " is /system/bin/" + name)
		case interp.IsBuiltin(name):
			c.println(name + " is a shell builtin")
		default:
			c.println(name + " not found")
			code = 1
		}
	}
	return code
}

func toyboxCommand(c *call) int {
	if len(c.args) == 0 {
		c.println("toybox 0.8.0-android")
		return 0
	}
	inner := *c
	inner.name, inner.args = c.args[0], c.args[1:]
	return c.s.run(&inner)
}

// suCommand: the phone is not rooted.
func suCommand(c *call) int {
	return c.fail(127, "/system/bin/sh: su: inaccessible or not found")
}

func xargsCommand(c *call) int {
	data, err := io.ReadAll(io.LimitReader(c.in, maxScript))
	if err != nil {
		return 1
	}
	args := c.args
	if len(args) == 0 {
		args = []string{"echo"}
	}
	words := strings.Fields(string(data))
	per := len(words)
	if len(args) > 2 && args[0] == "-n" {
		if n, err := strconv.Atoi(args[1]); err == nil && n > 0 {
			per = n
		}
		args = args[2:]
	}
	code := 0
	for len(words) > 0 && c.ctx.Err() == nil {
		n := min(per, len(words))
		inner := *c
		inner.name, inner.args, inner.in = args[0], append(append([]string(nil), args[1:]...), words[:n]...), strings.NewReader("")
		if c.s.run(&inner) != 0 {
			code = 123
		}
		words = words[n:]
	}
	return code
}

// echoCommand is mksh's echo, which expands backslash escapes unless told not to by -E.
func echoCommand(c *call) int {
	newline, expands, args := true, true, c.args
	for len(args) > 0 {
		switch args[0] {
		case "-n":
			newline = false
		case "-e":
			expands = true
		case "-E":
			expands = false
		case "-ne", "-en":
			newline = false
		default:
			goto print
		}
		args = args[1:]
	}
print:
	return c.print(strings.Join(args, " "), newline, expands)
}

func printCommand(c *call) int {
	newline, expands, args := true, true, c.args
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && len(args[0]) > 1 {
		flags := args[0]
		args = args[1:]
		if flags == "--" {
			break
		}
		newline = newline && !strings.Contains(flags, "n")
		expands = expands && !strings.ContainsAny(flags, "rR")
	}
	return c.print(strings.Join(args, " "), newline, expands)
}

func (c *call) print(text string, newline, expands bool) int {
	if expands && strings.Contains(text, `\`) {
		formatted, _, err := expand.Format(nil, strings.ReplaceAll(text, "%", "%%"), nil)
		if err == nil {
			if before, _, stop := strings.Cut(formatted, "\x00c"); stop {
				formatted, newline = before, false
			}
			text = formatted
		}
	}
	if newline {
		text += "\n"
	}
	if _, err := io.WriteString(c.out, text); err != nil {
		return 1
	}
	return 0
}

// start runs something that may outlive a session; false once the phone is being closed.
func (sh *Shell) start(f func()) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.closed {
		return false
	}
	sh.running.Go(f)
	return true
}

// Close waits for everything that outlived its session. The phone has to be closed before, which ends it.
func (sh *Shell) Close() {
	sh.mu.Lock()
	sh.closed = true
	sh.mu.Unlock()
	sh.running.Wait()
}
