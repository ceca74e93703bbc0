package shell

// propCommands read and write system properties.
var propCommands = map[string]command{"getprop": getprop, "setprop": setprop}

func getprop(c *call) int {
	switch len(c.args) {
	case 0:
		for _, p := range c.sh.phone.Props.All() {
			c.println("[" + p.Name + "]: [" + p.Value + "]")
		}
	case 1, 2:
		value := c.sh.phone.Props.Get(c.args[0])
		if value == "" {
			value = c.arg(1)
		}
		c.println(value)
	default:
		return c.fail(1, "getprop: Max 2 arguments (see \"getprop --help\")")
	}
	return 0
}

func setprop(c *call) int {
	if len(c.args) != 2 {
		return c.fail(1, "setprop: Needs 2 arguments (see \"setprop --help\")")
	}
	if !c.sh.phone.Props.Set(c.args[0], c.args[1]) {
		return c.fail(1, "setprop: failed to set property '%s' to '%s'", c.args[0], c.args[1])
	}
	return 0
}
