package shell

// wmCommands are the window manager's.
var wmCommands = map[string]command{"wm": wm}

func wm(c *call) int {
	sc := c.sh.phone.Screen
	switch verb := c.arg(0); {
	case verb == "size" && len(c.args) == 1:
		c.printf("Physical size: %dx%d\n", sc.Width, sc.Height)
	case verb == "density" && len(c.args) == 1:
		c.printf("Physical density: %d\n", sc.Density)
	case verb == "size", verb == "density":
		if !c.sh.phone.InputAllowed() {
			return c.fail(255, "java.lang.SecurityException: Must hold permission android.permission.WRITE_SECURE_SETTINGS")
		}
		if c.arg(1) != "reset" {
			return c.fail(255, "Error: a virtual phone keeps its %s", verb)
		}
	case verb == "dismiss-keyguard":
		c.sh.phone.Power.Dismiss()
	default:
		return c.fail(255, "Window manager (window) commands: size, density, dismiss-keyguard")
	}
	return 0
}
