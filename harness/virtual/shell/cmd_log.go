package shell

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// logCommands write and read the log.
var logCommands = map[string]command{"log": logWrite, "logcat": logcat}

func logWrite(c *call) int {
	tag, level := "log", byte('I')
	args := c.args
	for len(args) > 1 && (args[0] == "-t" || args[0] == "-p") {
		if args[0] == "-t" {
			tag = args[1]
		} else if args[1] != "" {
			level = strings.ToUpper(args[1])[0]
		}
		args = args[2:]
	}
	c.sh.phone.Log.Print("main", level, c.s.pid, tag, strings.Join(args, " "))
	return 0
}

const levels = "VDIWEF"

type logFilter struct {
	format  string
	epoch   bool
	buffers []string
	tags    map[string]byte // least level by tag; "*" for all others
	after   time.Time
	pid     int
	tail    int // -1: all
}

// logcat prints the log, and with no -d, -t or -c goes on until its reader goes away.
func logcat(c *call) int {
	f := logFilter{format: "threadtime", tags: map[string]byte{}, tail: -1}
	once := false
	for i := 0; i < len(c.args); i++ {
		a := c.args[i]
		key, value, inline := strings.Cut(a, "=")
		if len(a) > 2 && a[0] == '-' && a[1] != '-' && strings.IndexByte("vbTtepmr", a[1]) >= 0 {
			key, value, inline = a[:2], a[2:], true
		}
		next := func() string {
			if !inline && i+1 < len(c.args) {
				i++
				value = c.args[i]
			}
			return value
		}
		switch key {
		case "-d":
			once = true
		case "-c", "--clear":
			c.sh.phone.Log.Clear()
			return 0
		case "-g":
			c.println("main: ring buffer is 256Kb (8Kb consumed), max entry is 5120b, max payload is 4068b")
			return 0
		case "-s":
			f.tags["*"] = 'S'
		case "-v", "--format":
			for v := range strings.SplitSeq(next(), ",") {
				if v == "epoch" {
					f.epoch = true
				} else if slices.Contains([]string{"brief", "time", "threadtime", "raw", "tag"}, v) {
					f.format = v
				}
			}
		case "-b", "--buffer":
			f.buffers = append(f.buffers, strings.Split(next(), ",")...)
		case "-t", "-T":
			once = once || key == "-t"
			if !f.since(next(), c.sh.phone.Now()) {
				return c.fail(1, "logcat: %s \"%s\" not in \"%%m-%%d %%H:%%M:%%S.%%q\" time format", key, value)
			}
		case "--pid":
			f.pid, _ = strconv.Atoi(next())
		case "-m", "--max-count", "-e", "--regex", "-r", "-n", "-f":
			next()
		default:
			if tag, level, ok := strings.Cut(a, ":"); ok && level != "" && a[0] != '-' {
				f.tags[tag] = strings.ToUpper(level)[0]
			} else if a[0] != '-' {
				f.tags[a] = 'V'
			}
		}
	}
	return c.follow(f, once)
}

func (c *call) follow(f logFilter, once bool) int {
	for from, first := 0, true; ; first = false {
		entries, next, more := c.sh.phone.Log.Read(from)
		entries = slices.DeleteFunc(entries, func(e phone.Entry) bool { return !f.wants(e) })
		if first && f.tail >= 0 {
			entries = entries[max(0, len(entries)-f.tail):]
		}
		if first {
			c.println("--------- beginning of main")
		}
		for _, e := range entries {
			if _, err := io.WriteString(c.out, f.line(e)+"\n"); err != nil {
				return 1
			}
		}
		if from = next; once {
			return 0
		}
		select {
		case <-more:
		case <-c.ctx.Done():
			return hangup
		}
	}
}

// since reads a number of lines, seconds since 1970, or a date without a year.
func (f *logFilter) since(text string, now time.Time) bool {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		f.tail = n
		return true
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil && s > 0 && s < 1e11 {
		f.after = time.UnixMicro(int64(s * 1e6))
		return true
	}
	for _, layout := range []string{"01-02 15:04:05.000", "2006-01-02 15:04:05.000"} {
		if t, err := time.Parse(layout, text); err == nil {
			if t.Year() == 0 {
				t = t.AddDate(now.UTC().Year(), 0, 0)
			}
			f.after = t
			return true
		}
	}
	return false
}

func (f *logFilter) wants(e phone.Entry) bool {
	if f.pid != 0 && e.PID != f.pid || e.At.Before(f.after) {
		return false
	}
	if len(f.buffers) > 0 && !slices.Contains(f.buffers, e.Buffer) && !slices.Contains(f.buffers, "all") && !(e.Buffer == "main" && slices.Contains(f.buffers, "default")) {
		return false
	}
	if len(f.buffers) == 0 && e.Buffer == "events" {
		return false
	}
	least, ok := f.tags[e.Tag]
	if !ok {
		least, ok = f.tags["*"]
	}
	if !ok {
		return true
	}
	return least != 'S' && strings.IndexByte(levels, e.Level) >= strings.IndexByte(levels, least)
}

func (f *logFilter) line(e phone.Entry) string {
	at := e.At.UTC().Format("01-02 15:04:05.000")
	if f.epoch {
		at = fmt.Sprintf("%10d.%03d", e.At.Unix(), e.At.Nanosecond()/1e6)
	}
	switch f.format {
	case "raw":
		return e.Text
	case "tag":
		return fmt.Sprintf("%c/%-8s: %s", e.Level, e.Tag, e.Text)
	case "brief":
		return fmt.Sprintf("%c/%-8s(%5d): %s", e.Level, e.Tag, e.PID, e.Text)
	case "time":
		return fmt.Sprintf("%s %c/%-8s(%5d): %s", at, e.Level, e.Tag, e.PID, e.Text)
	}
	return fmt.Sprintf("%s %5d %5d %c %-8s: %s", at, e.PID, e.TID, e.Level, e.Tag, e.Text)
}
