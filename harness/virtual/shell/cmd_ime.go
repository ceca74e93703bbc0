package shell

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/harness/virtual/apps"
)

// adbKeyboard is an app that types what a broadcast tells it, if it is installed and in use.
const adbKeyboard, adbIME = "com.android.adbkeyboard", "com.android.adbkeyboard/.AdbIME"

// keyboards lists the input methods of the phone; the one that it came with is always enabled.
func (c *call) keyboards(all bool) []string {
	list := []string{"com.android.inputmethod.latin/.LatinIME"}
	enabled, _ := c.sh.phone.Settings.Get("secure", "enabled_input_methods")
	_, installed := c.sh.phone.Packages.Find(adbKeyboard)
	if installed && (all || slices.Contains(strings.Split(enabled, ":"), adbIME)) {
		list = append(list, adbIME)
	}
	return list
}

func ime(c *call) int {
	settings := c.sh.phone.Settings
	id := c.arg(1)
	switch verb := c.arg(0); verb {
	case "list":
		c.println(strings.Join(c.keyboards(slices.Contains(c.args, "-a")), "\n"))
	case "enable":
		if !slices.Contains(c.keyboards(true), id) {
			return c.fail(1, "Unknown input method %s cannot be enabled for user #0", id)
		}
		if id == adbIME {
			settings.Put("secure", "enabled_input_methods", strings.Join(append(c.keyboards(false), adbIME), ":"))
		}
		c.println("Input method " + id + ": now enabled for user #0")
	case "disable":
		if id == adbIME {
			settings.Delete("secure", "enabled_input_methods")
		}
		c.println("Input method " + id + ": now disabled for user #0")
	case "set":
		if !slices.Contains(c.keyboards(false), id) {
			return c.fail(1, "Unknown input method %s cannot be selected for user #0", id)
		}
		settings.Put("secure", "default_input_method", id)
		c.println("Input method " + id + " selected for user #0")
	case "reset":
		settings.Put("secure", "default_input_method", c.keyboards(false)[0])
	default:
		return c.fail(1, "Unknown command: %s", verb)
	}
	return 0
}

// broadcast is heard by whoever registered for it.
func (c *call) broadcast(in apps.Intent) {
	current, _ := c.sh.phone.Settings.Get("secure", "default_input_method")
	if in.Action != "ADB_INPUT_B64" || current != adbIME {
		return
	}
	if text, err := base64.StdEncoding.DecodeString(in.Extras["msg"]); err == nil && utf8.Valid(text) {
		c.sh.apps.Type(string(text))
	}
}
