package shell

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/apps"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// Program runs a binary that was pushed to the phone. It returns the exit code, and false for a file it cannot run.
type Program func(ctx context.Context, p Exec) (code int, ok bool)

// Exec is a binary of the phone's that is to be run.
type Exec struct {
	Path           string // on the phone
	Args           []string
	Data           []byte
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Options make a Shell.
type Options struct {
	Phone   *phone.Phone
	Apps    *apps.System
	Network *network.Network
	Reboot  func(mode string) // must not wait for the command that asked for it
	Program Program           // nil: no binary can be run
	Input   func()            // called before each input command; nil: nobody counts them
}

// Shell runs command lines. Its methods may be called from any goroutine.
type Shell struct {
	phone   *phone.Phone
	apps    *apps.System
	net     *network.Network
	reboot  func(string)
	program Program
	onInput func()
	table   map[string]command

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // what outlives its session
}

// command is one command of the phone.
type command func(c *call) int

// New returns the shell of a phone.
func New(o Options) *Shell {
	sh := &Shell{phone: o.Phone, apps: o.Apps, net: o.Network, reboot: o.Reboot, program: o.Program, onInput: o.Input, table: map[string]command{}}
	for _, group := range []map[string]command{
		settingsCommands, propCommands, fileCommands, listCommands, textCommands, grepCommands, sumCommands, processCommands,
		sessionCommands, clockCommands, inputCommands, screenCommands, amCommands, pmCommands, serviceCommands, dumpsysCommands,
		logCommands, wmCommands,
	} {
		for name, f := range group {
			sh.table[name] = f
		}
	}
	return sh
}

// Command is one command line with its streams.
type Command struct {
	Line           string // empty: an interactive shell that reads its lines from Stdin
	Stdin          io.Reader
	Stdout, Stderr io.Writer // may be the same
	Terminal       bool      // prompts are wanted
}

// hangup is the exit code of a shell whose client has gone: 128 + SIGHUP.
const hangup = 129

// Run runs a command line and returns its exit code. It ends soon after ctx has.
func (sh *Shell) Run(ctx context.Context, c Command) int {
	s := sh.session(ctx, c)
	defer s.close()
	if c.Line == "" {
		return s.interactive(c)
	}
	return s.script(c.Line, "/system/bin/sh", nil)
}

// call is one run of one command.
type call struct {
	ctx      context.Context
	sh       *Shell
	s        *session
	name     string
	args     []string // without the name
	dir      string
	in       io.Reader
	out, err io.Writer
}

func (c *call) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }
func (c *call) println(text string)               { _, _ = io.WriteString(c.out, text+"\n") }

// fail prints an error and returns an exit code.
func (c *call) fail(code int, format string, args ...any) int {
	fmt.Fprintf(c.err, format+"\n", args...)
	return code
}

// usage is what toybox says of a wrong argument.
func (c *call) usage() int { return c.fail(1, "%s: bad arguments (see \"%s --help\")", c.name, c.name) }

// path makes an argument absolute.
func (c *call) path(p string) string { return phone.Clean(c.dir, p) }

// arg returns the nth argument, or the empty string.
func (c *call) arg(n int) string {
	if n < len(c.args) {
		return c.args[n]
	}
	return ""
}

// wait waits, and returns false when the command was cancelled meanwhile.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
