package shell

import (
	"bytes"
	"strings"
)

// screenCommands show what is on the display.
var screenCommands = map[string]command{"uiautomator": uiautomator, "screencap": screencap, "screenrecord": screenrecord}

const dumpFile = "/sdcard/window_dump.xml"

// uiautomator is the dump. Failures are written to the standard error with exit code 0 and leave an old file in place,
// as AOSP's DumpCommand does.
func uiautomator(c *call) int {
	if c.arg(0) != "dump" {
		return c.fail(1, "Usage: uiautomator <subcommand> [options]")
	}
	compressed, file := false, dumpFile
	for _, a := range c.args[1:] {
		switch {
		case a == "--compressed":
			compressed = true
		case a == "--windows", a == "--verbose":
		default:
			file = a
		}
	}
	faults := c.sh.phone.Faults.Get()
	if faults.NoDumpFile {
		return 0
	}
	if faults.NoIdle {
		return c.fail(0, "ERROR: could not get idle state.")
	}
	xml, ok := c.sh.apps.Frame().Dump(compressed)
	if !ok || faults.NullRoot {
		return c.fail(0, "ERROR: null root node returned by UiTestAutomationBridge.")
	}
	if file == "/dev/tty" || file == "/dev/stdout" {
		_, _ = c.out.Write(xml)
	} else if err := c.sh.phone.Files.Write(c.path(file), xml, 0o660, false); err != nil {
		return c.fail(0, "ERROR: could not write the dump: %s", reason(err))
	}
	c.println("UI hierchary dumped to: " + file)
	return 0
}

func screencap(c *call) int {
	letters, names := c.flags()
	if strings.Contains(letters, "d") && len(names) > 0 {
		names = names[1:]
	}
	frame := c.sh.apps.Frame()
	file := ""
	if len(names) > 0 {
		file = names[0]
	}
	var b bytes.Buffer
	if strings.Contains(letters, "p") || strings.HasSuffix(file, ".png") {
		b.Write(frame.PNG())
	} else if err := frame.Raw(&b); err != nil {
		return 1
	}
	if file == "" {
		_, err := c.out.Write(b.Bytes())
		if err != nil {
			return 1
		}
		return 0
	}
	if err := c.sh.phone.Files.Write(c.path(file), b.Bytes(), 0o660, false); err != nil {
		return c.fail(1, "Error opening file: %s (%s)", file, reason(err))
	}
	return 0
}
