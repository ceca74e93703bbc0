package shell

import (
	"strconv"
	"strings"
)

// serviceCommands reach services that have no command of their own.
var serviceCommands = map[string]command{"cmd": cmdCommand, "svc": svc, "reboot": reboot, "media": mediaCommand, "ime": ime, "start": root, "stop": root, "ip": ip, "service": serviceCommand}

func itoa(n int) string { return strconv.Itoa(n) }

func cmdCommand(c *call) int {
	if len(c.args) == 0 {
		return c.fail(20, "cmd: no service specified; use -l to list all services")
	}
	inner := *c
	inner.args = c.args[1:]
	switch c.args[0] {
	case "package":
		inner.name = "pm"
	case "activity":
		inner.name = "am"
	case "settings":
		inner.name = "settings"
	case "input":
		inner.name = "input"
	case "window":
		inner.name = "wm"
	case "statusbar":
		return c.statusbar(c.args[1:])
	case "connectivity":
		return c.connectivity(c.args[1:])
	case "-l":
		c.println("Currently running services:\n  activity\n  connectivity\n  input\n  package\n  settings\n  statusbar\n  window")
		return 0
	default:
		return c.fail(20, "cmd: Can't find service: %s", c.args[0])
	}
	return c.sh.table[inner.name](&inner)
}

func (c *call) statusbar(args []string) int {
	switch strings.Join(args, " ") {
	case "expand-notifications", "expand-settings":
		c.sh.apps.Shade(true)
	case "collapse":
		c.sh.apps.Shade(false)
	default:
		return c.fail(255, "Unknown command: %s", strings.Join(args, " "))
	}
	return 0
}

func (c *call) connectivity(args []string) int {
	if len(args) < 1 || args[0] != "airplane-mode" || c.sh.phone.SDK() < 30 {
		return c.fail(255, "No shell command implementation.")
	}
	if len(args) == 1 {
		c.println(map[bool]string{true: "enabled", false: "disabled"}[c.sh.phone.Airplane()])
		return 0
	}
	c.sh.phone.Settings.Put("global", "airplane_mode_on", map[bool]string{true: "1", false: "0"}[args[1] == "enable"])
	return 0
}

func svc(c *call) int {
	on := map[string]string{"enable": "1", "disable": "0"}
	switch {
	case c.arg(0) == "power" && c.arg(1) == "stayon":
		value, ok := map[string]string{"true": "7", "false": "0", "usb": "2", "ac": "1", "wireless": "4"}[c.arg(2)]
		if !ok {
			return c.fail(1, "usage: svc power stayon [true|false|usb|ac|wireless]")
		}
		c.sh.phone.Settings.Put("global", "stay_on_while_plugged_in", value)
	case (c.arg(0) == "wifi" || c.arg(0) == "data" || c.arg(0) == "bluetooth") && on[c.arg(1)] != "":
		key := map[string]string{"wifi": "wifi_on", "data": "mobile_data", "bluetooth": "bluetooth_on"}[c.arg(0)]
		c.sh.phone.Settings.Put("global", key, on[c.arg(1)])
	case c.arg(0) == "power" && c.arg(1) == "reboot":
		return c.restart(c.arg(2))
	default:
		return c.fail(1, "Available commands:\n    help\n    power\n    data\n    wifi\n    usb\n    nfc\n    bluetooth")
	}
	return 0
}

func reboot(c *call) int { return c.restart(c.arg(0)) }

func (c *call) restart(mode string) int {
	if c.sh.reboot == nil {
		return c.fail(1, "reboot: Operation not permitted")
	}
	c.sh.reboot(mode)
	<-c.ctx.Done() // the phone goes down around the command
	return hangup
}

func mediaCommand(c *call) int {
	if c.arg(0) != "dispatch" {
		return c.fail(1, "usage: media dispatch KEY")
	}
	code, ok := map[string]int{"play": 126, "pause": 127, "play-pause": 85}[c.arg(1)]
	if !ok {
		return c.fail(1, "Error: unknown dispatch code '%s'", c.arg(1))
	}
	c.sh.apps.Key(code)
	return 0
}

func root(c *call) int { return c.fail(1, "%s: must be root", c.name) }

// ip shows the address of the wireless interface.
func ip(c *call) int {
	mac := c.sh.phone.Identity.WifiMAC
	c.println("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00")
	if !strings.Contains(strings.Join(c.args, " "), "link") {
		c.println("    inet 127.0.0.1/8 scope host lo")
	}
	c.println("22: wlan0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 3000\n    link/ether " + mac + " brd ff:ff:ff:ff:ff:ff")
	if !strings.Contains(strings.Join(c.args, " "), "link") {
		c.println("    inet 192.168.43.57/24 brd 192.168.43.255 scope global wlan0")
	}
	return 0
}

// serviceCommand: calls into services are refused, as newer phones do for identifiers.
func serviceCommand(c *call) int {
	if c.arg(0) == "check" {
		c.println("Service " + c.arg(1) + ": not found")
		return 0
	}
	c.println("Result: Parcel(Error: 0xffffffffffffffff \"Operation not permitted\")")
	return 0
}
