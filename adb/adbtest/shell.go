package adbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// nasty are arguments that a shell would take apart.
var nasty = []string{
	"", " ", "a b", "a  b ", "it's", `"quoted"`, "$HOME", "${HOME}", "$(id)", "`id`", "a;id", "a&b", "a|b", "a>b", "<b", "*", "?", "[a]", "~",
	`back\slash`, `\n`, "tab\there", "line\nend", "#comment", "!history", "{a,b}", "-n", "--", "%s", "é", "日本語", "🦊", "https://x.test/?q=a&r=b%20c#d",
}

func shell(t *testing.T, s suite) {
	ctx := s.within(t)
	v2 := s.hasV2(t)

	t.Run("status", func(t *testing.T) {
		for _, code := range []int{0, 1, 3, 42, 127, 200, 255} {
			res, err := s.d.Script(ctx, fmt.Sprintf("exit %d", code))
			var exit *adb.ExitError
			if res.Exit != code || (code == 0) != (err == nil) || (code != 0) != errors.As(err, &exit) {
				t.Errorf("exit %d gives %d, %v", code, res.Exit, err)
			}
		}
		res, err := s.d.Shell(ctx, "telltale-no-such-command")
		check(t, "unknown command", res.Exit == 127 && adb.ClassOf(err) == adb.ClassPhone, res, nil)
	})
	t.Run("streams", func(t *testing.T) {
		res, err := s.d.Script(ctx, "echo out; echo err >&2; echo more")
		out, stderr := "out\nmore\n", "err\n"
		if !v2 {
			out, stderr = "out\nerr\nmore\n", ""
		}
		check(t, "stdout and stderr", string(res.Stdout) == out && string(res.Stderr) == stderr, res, err)
		res, err = s.d.Script(ctx, "printf 'no line end'")
		check(t, "no line end", string(res.Stdout) == "no line end", res.Stdout, err)
	})
	t.Run("arguments", func(t *testing.T) {
		for _, arg := range nasty {
			res, err := s.d.Shell(ctx, "printf", "%s|", "begin", arg, "end")
			check(t, fmt.Sprintf("argument %q", arg), string(res.Stdout) == "begin|"+arg+"|end|", res.Stdout, err)
		}
	})
	t.Run("script", func(t *testing.T) {
		res, err := s.d.Script(ctx, `for i in 1 2 3; do echo "n $i"; done | grep -c n; x=$(echo inner); echo "$x" # end`)
		check(t, "pipe, loop, substitution", string(res.Stdout) == "3\ninner\n", res.Stdout, err)
	})
	t.Run("input is empty", func(t *testing.T) {
		res, err := s.d.Shell(ctx, "cat")
		check(t, "cat without input", len(res.Stdout) == 0, res.Stdout, err)
	})
	t.Run("many at once", func(t *testing.T) {
		errs := make(chan error)
		const callers, calls = 8, 6
		for i := range callers {
			go func() {
				for j := range calls {
					want := fmt.Sprintf("caller %d call %d\n", i, j)
					res, err := s.d.Shell(ctx, "echo", strings.TrimSpace(want))
					if err == nil && string(res.Stdout) != want {
						err = fmt.Errorf("got %q, want %q", res.Stdout, want)
					}
					errs <- err
				}
			}()
		}
		for range callers * calls {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("deadline", func(t *testing.T) {
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		if _, err := s.d.Shell(short, "sleep", "60"); !errors.Is(err, adb.Timeout) {
			t.Errorf("a command that goes on: %v", err)
		}
		res, err := s.d.Shell(ctx, "echo", "alive")
		check(t, "the next command", string(res.Stdout) == "alive\n", res.Stdout, err)
	})
	t.Run("large output", func(t *testing.T) {
		data := noise(s.Large)
		if !v2 {
			data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n\n")) // a terminal is in between
		}
		path := s.place(t) + "/large"
		if err := s.d.Push(ctx, bytes.NewReader(data), path, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := s.d.Exec(ctx, "cat", path)
		check(t, "exec", bytes.Equal(got, data), len(got), err)
		if !v2 {
			return
		}
		res, err := s.d.Shell(ctx, "cat", path)
		check(t, "shell", bytes.Equal(res.Stdout, data), len(res.Stdout), err)
	})
}

func (s suite) hasV2(t *testing.T) bool {
	features, err := s.d.Features(s.within(t))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(features, "shell_v2")
}

// noise is bytes that hold every value and no pattern that a compressor or a terminal would leave alone.
func noise(n int) []byte {
	out := make([]byte, n)
	x := uint32(2463534242)
	for i := range out {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		out[i] = byte(x >> 11)
	}
	return out
}
