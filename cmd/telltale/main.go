// Command telltale is the thin command line over Telltale: one file a verb, none of which drives a phone, judges or
// decides by itself. It never imports the assertions, the spec glue or the scenarios, for these pull in ginkgo.
//
// Results go to standard output, everything else to standard error. Exit codes are in status.go; 2 is Go's own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/harness/ask"
)

// console is where a verb reads and writes. Tests hand in their own.
type console struct {
	In       io.Reader
	Out, Err io.Writer

	Ask ask.Options // how destinations are reached; the zero value is this computer's way
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], &console{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// run is main without the process: it parses, runs one verb and returns its exit code.
func run(ctx context.Context, args []string, c *console) int {
	var v verbs
	exited := -1 // --help and --version end the parser by calling Exit
	parser, err := kong.New(&v,
		kong.Name("telltale"),
		kong.Description("Makes Android phones tell on themselves: drives them, captures what they send, and states per action whether it leaked."),
		kong.Writers(c.Out, c.Err),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 120}),
		kong.Vars{"version": version()},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c, &v.globals),
	)
	if err != nil {
		fmt.Fprintf(c.Err, "telltale: building the command line: %v\n", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(c.Err, "telltale: %s; run \"telltale %s--help\"\n", plain(err), verbOf(parsed, err))
		return exitFailed
	}
	return report(c, parsed.Run())
}

// report prints what a verb ended with and returns its exit code.
func report(c *console, err error) int {
	if err == nil {
		return exitClean
	}
	var status *exitStatus
	if !errors.As(err, &status) {
		fmt.Fprintf(c.Err, "telltale: %s\n", plain(err))
		return exitFailed
	}
	if status.Err != nil {
		fmt.Fprintf(c.Err, "telltale: %s\n", plain(status.Err))
	}
	return status.Code
}

// plain is an error for a console: lines stay, and whatever a phone, a server or a file put into it cannot move a cursor.
func plain(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i := range lines {
		lines[i] = strings.ReplaceAll(safe.Text(lines[i]), `\x09`, "\t")
	}
	return strings.Join(lines, "\n")
}

// verbOf names the verb that a usage error is about, with a space after it, or nothing when there is none yet.
func verbOf(parsed *kong.Context, err error) string {
	var parse *kong.ParseError
	if parsed == nil && errors.As(err, &parse) {
		parsed = parse.Context
	}
	if parsed == nil || parsed.Selected() == nil {
		return ""
	}
	return parsed.Selected().Name + " "
}
