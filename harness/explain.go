package harness

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/telltale-farm/telltale/adb"
)

// Step is one part of a procedure, with the commands that it sends.
type Step struct {
	Phone    string   `json:"phone"`
	Name     string   `json:"name"`
	Commands []string `json:"commands"` // as one would type them
}

// Explain goes through an examination without sending anything: a phone of paper answers each command as a phone does
// that is ready. What a real one answers may lead to fewer commands, or repeat those that wait for something. Options
// must name a scratch state directory and bundle: nothing of them is worth keeping.
func Explain(ctx context.Context, o Options) (steps []Step, err error) {
	l := newLease(o)
	l.dry = true
	x := newExamination(l)
	paper := newPaper(o)
	var sent []string
	l.device = adb.Server{Addr: o.ADB}.Device(o.Serial, adb.Options{Answer: paper.answer, Journal: func(c adb.Command) {
		if line := typed(o.Serial, c); len(sent) == 0 || sent[len(sent)-1] != line {
			sent = append(sent, line)
		}
	}})
	l.drive()
	if l.undo, err = OpenUndo(o.State, o.Serial); err != nil {
		return nil, err
	}
	for _, p := range probes(o) {
		if p.says != nil {
			x.answers[p.id] = Yes
			steps = append(steps, Step{o.Profile.ID, p.name, p.says})
			continue
		}
		sent = []string{}
		c := x.ask(ctx, p)
		steps = append(steps, Step{o.Profile.ID, p.name, sent})
		if c.Answer != Yes {
			return nil, fmt.Errorf("explaining %s: the phone of paper says %s: %s", p.id, c.Answer, c.Detail)
		}
	}
	sent = []string{}
	if err := l.abandon(ctx); err != nil {
		return nil, err
	}
	return append(steps, Step{o.Profile.ID, "putting everything back", sent}), nil
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// shellWord quotes a word for a POSIX shell, if it needs that.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return adb.Quote(s)
}

// typed is a command as one would type it. Our own port and moments differ from run to run.
func typed(serial string, c adb.Command) string {
	const port = "PORT"
	head := "adb -s " + shellWord(serial) + " "
	words := make([]string, len(c.Argv))
	for i, w := range c.Argv {
		words[i] = shellWord(w)
		if i > 0 && c.Argv[i-1] == "-T" {
			words[i] = "MOMENT"
		}
	}
	line := strings.Join(words, " ")
	switch c.Kind {
	case "shell":
		return head + "shell " + shellWord(line)
	case "script":
		return head + "shell " + shellWord(c.Argv[0])
	case "exec":
		return head + "exec-out " + line
	case "push":
		return head + "push FILE " + words[1]
	case "pull":
		return head + "pull " + words[1]
	case "reverse":
		if rest, ok := strings.CutPrefix(c.Argv[0], "forward:norebind:"); ok {
			device, _, _ := strings.Cut(rest, ";")
			return head + "reverse --no-rebind " + device + " tcp:" + port
		}
		if rest, ok := strings.CutPrefix(c.Argv[0], "killforward:"); ok {
			return head + "reverse --remove " + rest
		}
		return head + "reverse --list"
	}
	return head + line
}

// hostPort is what a paper phone lists of a reverse tunnel.
func hostPort(request string) (device, host string) {
	device, host, _ = strings.Cut(strings.TrimPrefix(request, "forward:norebind:"), ";")
	return device, host
}
