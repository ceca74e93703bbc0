package shell

import (
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/apps"
)

// amCommands are the activity manager's.
var amCommands = map[string]command{"am": am, "monkey": monkey}

func am(c *call) int {
	if len(c.args) == 0 {
		return c.fail(255, "Activity manager (activity) commands: start, force-stop, kill, kill-all, broadcast")
	}
	rest := c.args[1:]
	switch verb := c.args[0]; verb {
	case "start", "start-activity":
		return c.start(rest)
	case "force-stop", "kill", "stop-app":
		rest = withoutUser(rest)
		if len(rest) == 0 {
			return c.fail(255, "Error: Argument expected after \"%s\"", verb)
		}
		if verb == "force-stop" {
			c.sh.apps.ForceStop(rest[0])
		} else {
			c.sh.apps.Trim(rest[0])
		}
	case "kill-all":
		c.sh.apps.Trim("")
	case "broadcast":
		in, _, bad := parseIntent(rest)
		if bad != "" {
			return c.fail(255, "%s", bad)
		}
		c.broadcast(in)
		c.println("Broadcasting: " + in.String())
		c.println("Broadcast completed: result=0")
	case "startservice", "start-service", "start-foreground-service":
		in, _, bad := parseIntent(rest)
		if bad != "" {
			return c.fail(255, "%s", bad)
		}
		c.println("Starting service: " + in.String())
		if !c.sh.apps.StartService(in) {
			c.println("Error: Not found; no service started.")
		}
	case "set-debug-app":
		for _, a := range rest {
			if !strings.HasPrefix(a, "-") {
				c.sh.phone.Settings.Put("global", "debug_app", a)
			}
		}
	case "clear-debug-app":
		c.sh.phone.Settings.Delete("global", "debug_app")
	case "get-current-user":
		c.println("0")
	case "idle-maintenance", "wait-for-broadcast-idle":
		c.println("All broadcast queues are idle!")
	default:
		return c.fail(255, "Unknown command: %s", verb)
	}
	return 0
}

func withoutUser(args []string) []string {
	if len(args) > 1 && args[0] == "--user" {
		return args[2:]
	}
	return args
}

// start is am start. An activity that does not exist is told on the standard error; -W waits, which here is at once.
func (c *call) start(args []string) int {
	in, flags, bad := parseIntent(args)
	if bad != "" {
		return c.fail(255, "%s", bad)
	}
	if flags.stop && in.Component != "" {
		pkg, _, _ := strings.Cut(in.Component, "/")
		c.sh.apps.ForceStop(pkg)
	}
	c.println("Starting: " + in.String())
	started, err := c.sh.apps.Start(in)
	if err != nil {
		return c.fail(1, "%s", err.Error())
	}
	sdk := c.sh.phone.SDK()
	if started.Warm && !flags.wait {
		c.println("Warning: Activity not started, its current task has been brought to the front")
		return 0
	}
	if !flags.wait {
		return 0
	}
	if started.Warm {
		c.println("Warning: Activity not started, its current task has been brought to the front")
	}
	ms := started.Took.Milliseconds()
	c.println("Status: ok")
	if sdk >= 29 {
		c.println("LaunchState: " + map[bool]string{true: "COLD", false: "WARM"}[started.Cold])
	}
	c.println("Activity: " + started.Activity)
	if sdk < 29 {
		c.printf("ThisTime: %d\n", ms)
	}
	c.printf("TotalTime: %d\nWaitTime: %d\nComplete\n", ms, ms+3)
	return 0
}

type startFlags struct{ wait, stop bool }

// parseIntent reads the arguments of am as Intent.parseCommandArgs does. bad is what am prints of a mistake.
func parseIntent(args []string) (in apps.Intent, flags startFlags, bad string) {
	in.Extras = map[string]string{}
	for i := 0; i < len(args); i++ {
		opt := args[i]
		values := 0
		switch opt {
		case "-a", "-d", "-t", "-c", "-n", "-p", "-f", "--user", "-e", "--es", "--ez", "--ei", "--el", "--ef", "--eu", "--esa", "--display", "--activity-task", "--windowingMode", "-i", "-P", "--start-profiler", "-R", "--attach-agent":
			values = 1
			if opt == "-e" || strings.HasPrefix(opt, "--e") {
				values = 2
			}
		}
		if i+values >= len(args) && values > 0 {
			return in, flags, "Error: Argument expected after \"" + opt + "\""
		}
		switch opt {
		case "-a":
			in.Action = args[i+1]
		case "-d":
			in.Data = args[i+1]
		case "-t":
			in.Type = args[i+1]
		case "-c":
			in.Categories = append(in.Categories, args[i+1])
		case "-n":
			in.Component = args[i+1]
			if !strings.Contains(in.Component, "/") {
				return in, flags, "Error: Bad component name: " + in.Component
			}
		case "-p":
			in.Package = args[i+1]
		case "-f":
			if _, err := strconv.ParseInt(strings.TrimPrefix(args[i+1], "0x"), 16, 64); err != nil {
				return in, flags, "Error: Bad flags: " + args[i+1]
			}
		case "-W":
			flags.wait = true
		case "-S":
			flags.stop = true
		case "-D", "-N", "--receiver-foreground", "--activity-clear-top", "--activity-single-top", "--activity-clear-task", "--activity-no-animation":
		default:
			switch {
			case values == 2:
				in.Extras[args[i+1]] = args[i+2]
			case values == 1, strings.HasPrefix(opt, "--"):
			case strings.HasPrefix(opt, "-"):
				return in, flags, "Error: Unknown option: " + opt
			case strings.Contains(opt, ":"):
				in.Data = opt
			case strings.Contains(opt, "/"):
				in.Component = opt
			default:
				in.Package = opt
			}
		}
		i += values
	}
	if in.Action == "" && in.Data == "" && in.Component == "" && in.Package == "" && len(in.Categories) == 0 {
		return in, flags, "Error: No intent supplied"
	}
	if in.Package != "" && in.Action == "" && in.Data == "" && in.Component == "" {
		in.Action, in.Categories = apps.ActionMain, append(in.Categories, apps.CategoryLauncher)
	}
	if in.Action == "" && in.Data != "" {
		in.Action = apps.ActionView
	}
	return in, flags, ""
}

func monkey(c *call) int {
	pkg := ""
	for i, a := range c.args {
		if a == "-p" && i+1 < len(c.args) {
			pkg = c.args[i+1]
		}
	}
	if pkg == "" {
		return c.fail(1, "** Monkey needs a package here: it would touch everything")
	}
	_, err := c.sh.apps.Start(apps.Intent{Action: apps.ActionMain, Package: pkg, Categories: []string{apps.CategoryLauncher}})
	if err != nil {
		c.println("** No activities found to run, monkey aborted.")
		return 252
	}
	c.println("Events injected: 1\n## Network stats: elapsed time=36ms (0ms mobile, 0ms wifi, 36ms not connected)")
	return 0
}
