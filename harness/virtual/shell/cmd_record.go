package shell

import (
	"strconv"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

// Bounds of AOSP's screenrecord before Android 14.
const (
	recordLongest = 180
	recordSlowest = 100_000
	recordFastest = 200_000_000
	recordUsage   = 2
)

// pictureEvery is how often a virtual phone's film has a picture.
const pictureEvery = 2 * time.Second

// screenrecord films the display until its time is over or it is interrupted; then the file is finished. Ended otherwise
// it leaves a file that no player opens, as a real one does.
func screenrecord(c *call) int {
	limit, file := recordLongest, ""
	for i := 0; i < len(c.args); i++ {
		name, value, joined := strings.Cut(c.args[i], "=")
		if !strings.HasPrefix(name, "--") {
			if file != "" {
				return c.fail(recordUsage, "Must specify output file (see --help).")
			}
			file = c.args[i]
			continue
		}
		switch name {
		case "--verbose", "--bugreport":
			continue
		case "--help":
			c.println("Usage: screenrecord [options] <filename>")
			return 0
		case "--time-limit", "--bit-rate", "--size", "--display-id":
		default:
			return c.fail(recordUsage, "screenrecord: unrecognized option `%s'", name)
		}
		if !joined {
			if i++; i == len(c.args) {
				return c.fail(recordUsage, "screenrecord: option requires an argument -- '%s'", name)
			}
			value = c.args[i]
		}
		n, err := strconv.Atoi(value)
		switch {
		case name == "--time-limit" && (err != nil || n < 1 || n > recordLongest):
			return c.fail(recordUsage, "Time limit %ds outside acceptable range [1,%d]", n, recordLongest)
		case name == "--time-limit":
			limit = n
		case name == "--bit-rate" && (err != nil || n < recordSlowest || n > recordFastest):
			return c.fail(recordUsage, "Bit rate %dbps outside acceptable range [%d,%d]", n, recordSlowest, recordFastest)
		case name == "--size":
			w, h, ok := strings.Cut(value, "x")
			if _, bad := strconv.Atoi(w); !ok || bad != nil || h == "" {
				return c.fail(recordUsage, "Invalid size '%s', must be width x height", value)
			}
		}
	}
	if file == "" {
		return c.fail(recordUsage, "Must specify output file (see --help).")
	}
	return c.film(c.path(file), file, time.Duration(limit)*time.Second)
}

func (c *call) film(name, shown string, limit time.Duration) int {
	files := c.sh.phone.Files
	frame := c.sh.apps.Frame()
	m := &screen.Movie{Width: frame.Width, Height: frame.Height}
	if err := files.Write(name, m.Begun(), 0o660, false); err != nil {
		return c.fail(1, "ERROR: unable to open '%s': %s", shown, reason(err))
	}
	interrupted := make(chan struct{})
	row := c.sh.phone.Processes.Start(phone.ShellUID, c.s.pid, "screenrecord", strings.Join(append([]string{"screenrecord"}, c.args...), " "), c.s.stop)
	c.sh.phone.Processes.OnInterrupt(row.PID, func() { close(interrupted) })
	defer c.sh.phone.Processes.Exit(row.PID)
	began := time.Now()
	m.Add(frame.PNG(), 0)
	end := time.NewTimer(limit)
	defer end.Stop()
	tick := time.NewTicker(pictureEvery)
	defer tick.Stop()
	for going := true; going; {
		select {
		case <-c.ctx.Done():
			return hangup
		case <-tick.C:
		case <-end.C:
			going = false
		case <-interrupted:
			going = false
		}
		m.Add(c.sh.apps.Frame().PNG(), time.Since(began))
	}
	if err := files.Write(name, m.Bytes(time.Since(began)), 0o660, false); err != nil {
		return c.fail(1, "ERROR: unable to write '%s': %s", shown, reason(err))
	}
	return 0
}
