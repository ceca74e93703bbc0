package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets more tests run at once than there are processors, unless the command line says how many: they wait for
// their phones most of the time.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(3*runtime.NumCPU())); err != nil {
		panic(err)
	}
	testscript.Main(tidy{m}, map[string]func(){"telltale": main, "telltale-loopback": askLoopback})
}

// tidy removes what was built for all tests when they are over.
type tidy struct{ *testing.M }

func (t tidy) Run() int {
	defer toolsMade.remove()
	return t.M.Run()
}

// The scripts of testdata run the real main, and are readable as documentation.
func TestScripts(t *testing.T) {
	samples := sampleBundles(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			server := startFakeADB(t)
			e.Setenv("ADB_SERVER_SOCKET", "tcp:"+server.addr)
			e.Setenv("DESTINATION", startDestination(t))
			e.Setenv("HOME", e.WorkDir+"/home")
			e.Setenv("XDG_STATE_HOME", e.WorkDir+"/state")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "bundle": bundleCommand(samples), "tamper": tamper,
		},
	})
}

// exits CODE COMMAND ARGS... runs a command that must end with this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGS...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// Every verb has a help text with an example of itself and the meaning of its exit codes.
func TestEveryVerbHasHelp(t *testing.T) {
	all := reflect.TypeFor[verbs]()
	for i := range all.NumField() {
		f := all.Field(i)
		if f.Anonymous {
			continue
		}
		verb := strings.ToLower(f.Name)
		t.Run(verb, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(context.Background(), []string{verb, "--help"}, &console{In: strings.NewReader(""), Out: &out, Err: &errs}); code != exitClean {
				t.Fatalf("exit status %d: %s", code, errs.String())
			}
			for _, want := range []string{"Example:", "telltale " + verb, "EXIT STATUS", "    1  "} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the help lacks %q:\n%s", want, out.String())
				}
			}
			for line := range strings.Lines(out.String()) {
				if len(line) > 121 {
					t.Errorf("a line is longer than 120: %s", line)
				}
			}
		})
	}
}

// Whatever stands on the command line, 2 stays Go's own.
func TestUsageErrorsNeverExitTwo(t *testing.T) {
	for _, args := range [][]string{{"--nonsense"}, {"nonsense"}, {"scan"}, {"scan", "--canaries"}, {"devices", "--json=maybe"}, {"--state"}, {"decode"}, {"proxy", "--listen", "x", "--ca-dir", os.DevNull + "/x", "--record", os.DevNull + "/x"}} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), args, &console{In: strings.NewReader(""), Out: &out, Err: &errs}); code != exitFailed {
			t.Errorf("telltale %s: exit status %d, want %d", strings.Join(args, " "), code, exitFailed)
		}
		if out.Len() > 0 || !strings.HasPrefix(errs.String(), "telltale: ") {
			t.Errorf("telltale %s: standard output %q, standard error %q", strings.Join(args, " "), out.String(), errs.String())
		}
	}
}

// An error may quote what a phone, a server or a file of a bundle said.
func TestErrorsCannotMoveTheCursor(t *testing.T) {
	hostile := errors.New("running \"x\" on y: \x1b[2J\u202egenuine\r\nsecond line: \tü")
	for _, err := range []error{hostile, &exitStatus{Code: exitTampered, Err: hostile}} {
		var errs bytes.Buffer
		report(&console{Err: &errs}, err)
		if want := "telltale: running \"x\" on y: \\x1b[2J\\u{202e}genuine\\x0d\nsecond line: \tü\n"; errs.String() != want {
			t.Errorf("%q, want %q", errs.String(), want)
		}
	}
}

func TestStateDirectory(t *testing.T) {
	tests := []struct {
		name, flag, xdg, home, want string
	}{
		{"the flag goes first", "/f", "/x", "/h", "/f"},
		{"then the variable", "", "/x", "/h", "/x/telltale"},
		{"then the home directory", "", "", "/h", "/h/.local/state/telltale"},
		{"a variable that is not absolute is ignored, as XDG says", "", "x", "/h", "/h/.local/state/telltale"},
		{"nothing at all", "", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", tt.xdg)
			t.Setenv("HOME", tt.home)
			got, err := (&globals{State: tt.flag}).stateDir()
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
