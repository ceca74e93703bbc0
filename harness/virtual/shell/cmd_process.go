package shell

import (
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// processCommands are processes and who runs them.
var processCommands = map[string]command{
	"ps": ps, "pidof": pidof, "pgrep": pidof, "kill": killCommand, "killall": killall, "id": idCommand,
	"whoami": func(c *call) int { c.println("shell"); return 0 }, "uname": uname, "sleep": sleepCommand, "usleep": sleepCommand,
	"getenforce": func(c *call) int { c.println("Enforcing"); return 0 }, "nproc": func(c *call) int { c.println("8"); return 0 },
	"hostname": func(c *call) int { c.println("localhost"); return 0 },
}

func ps(c *call) int {
	columns := []string{"USER", "PID", "PPID", "NAME"}
	for i, a := range c.args {
		if a == "-o" && i+1 < len(c.args) {
			columns = strings.FieldsFunc(strings.ToUpper(c.args[i+1]), func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	if strings.Join(columns, ",") == "USER,PID,PPID,NAME" {
		c.println("USER           PID  PPID     VSZ    RSS WCHAN            ADDR S NAME")
	} else {
		c.println(strings.Join(columns, " "))
	}
	for _, p := range c.sh.phone.Processes.All() {
		owner := user(uint32(p.UID))
		if len(columns) == 4 && columns[3] == "NAME" {
			c.printf("%-12s %5d %5d  100000  20000 0                   0 S %s\n", owner, p.PID, p.PPID, p.Name)
			continue
		}
		var row []string
		for _, col := range columns {
			row = append(row, map[string]string{"PID": strconv.Itoa(p.PID), "PPID": strconv.Itoa(p.PPID), "USER": owner,
				"UID": strconv.Itoa(p.UID), "NAME": p.Name, "CMD": p.Name, "ARGS": p.Args, "CMDLINE": p.Args}[col])
		}
		c.println(strings.Join(row, " "))
	}
	return 0
}

func pidof(c *call) int {
	letters, names := c.flags()
	var out []string
	for _, p := range c.sh.phone.Processes.All() {
		for _, n := range names {
			if p.Name == n || c.name == "pgrep" && strings.Contains(p.Name, n) || strings.Contains(letters, "f") && strings.Contains(p.Args, n) {
				out = append(out, strconv.Itoa(p.PID))
			}
		}
	}
	if len(out) == 0 {
		return 1
	}
	sep := " "
	if c.name == "pgrep" {
		sep = "\n"
	}
	c.println(strings.Join(out, sep))
	return 0
}

// killCommand ends commands of the shell; what belongs to other users it may not.
func killCommand(c *call) int {
	probe, interrupt := false, false
	args := c.args
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "--" {
		if args[0] == "-l" {
			c.println("HUP INT QUIT KILL TERM")
			return 0
		}
		probe = args[0] == "-0"
		if args[0] == "-s" && len(args) > 1 {
			args = args[1:]
		}
		switch strings.TrimPrefix(strings.TrimPrefix(args[0], "-"), "SIG") {
		case "2", "INT":
			interrupt = true
		}
		args = args[1:]
	}
	code := 0
	for _, a := range args {
		pid, err := strconv.Atoi(a)
		p, ok := c.sh.phone.Processes.Find(pid)
		switch {
		case err != nil:
			code = c.fail(1, "kill: bad pid '%s'", a)
		case !ok:
			code = c.fail(1, "/system/bin/sh: kill: %s: No such process", a)
		case p.UID != phone.ShellUID:
			code = c.fail(1, "/system/bin/sh: kill: %s: Operation not permitted", a)
		case interrupt:
			c.sh.phone.Processes.Interrupt(pid)
		case !probe:
			c.sh.phone.Processes.Kill(pid)
		}
	}
	return code
}

func killall(c *call) int {
	_, names := c.flags()
	code := 0
	for _, n := range names {
		found := false
		for _, p := range c.sh.phone.Processes.Named(n) {
			if p.UID == phone.ShellUID {
				found = c.sh.phone.Processes.Kill(p.PID) || found
			}
		}
		if !found {
			code = c.fail(1, "killall: %s: No such process", n)
		}
	}
	return code
}

func idCommand(c *call) int {
	letters, _ := c.flags()
	switch {
	case strings.Contains(letters, "n"):
		c.println("shell")
	case strings.ContainsAny(letters, "ug"):
		c.println("2000")
	default:
		c.println("uid=2000(shell) gid=2000(shell) groups=2000(shell),1004(input),1007(log),1011(adb),1015(sdcard_rw),1028(sdcard_r)," +
			"3001(net_bt_admin),3002(net_bt),3003(inet),3006(net_bw_stats),3009(readproc),3011(uhid) context=u:r:shell:s0")
	}
	return 0
}

func uname(c *call) int {
	letters, _ := c.flags()
	if letters == "" {
		letters = "s"
	}
	values := map[string]string{"s": "Linux", "n": "localhost", "r": "4.14.117-perf", "v": "#1 SMP PREEMPT Wed Mar 18 16:54:42 GMT 2020", "m": "aarch64"}
	var out []string
	for _, k := range []string{"s", "n", "r", "v", "m"} {
		if strings.Contains(letters, k) || strings.Contains(letters, "a") {
			out = append(out, values[k])
		}
	}
	c.println(strings.Join(out, " "))
	return 0
}

func sleepCommand(c *call) int {
	if len(c.args) != 1 {
		return c.fail(1, "%s: Needs 1 argument (see \"%s --help\")", c.name, c.name)
	}
	d, ok := seconds(c.args[0])
	if !ok {
		return c.fail(1, "sleep: Unknown suffix '%s'", c.args[0])
	}
	if c.name == "usleep" {
		d /= 1e6
	}
	if !wait(c.ctx, d) {
		return hangup
	}
	return 0
}
