package shell

import (
	"math"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/apps"
)

// inputCommands are fingers and keys.
var inputCommands = map[string]command{"input": input}

// What a phone says to a shell that may not inject events, by version; from reports of MIUI phones.
const (
	deniedInputOld = `java.lang.SecurityException: Injecting to another application requires INJECT_EVENTS permission
	at android.os.Parcel.createException(Parcel.java:1950)
	at android.os.Parcel.readException(Parcel.java:1918)
	at android.hardware.input.IInputManager$Stub$Proxy.injectInputEvent(IInputManager.java:458)
	at android.hardware.input.InputManager.injectInputEvent(InputManager.java:692)
	at com.android.commands.input.Input.injectMotionEvent(Input.java:321)`
	deniedInputNew = `
Exception occurred while executing '%s':
java.lang.SecurityException: Injecting input events requires the caller (or the source of the instrumentation, if any) to have the INJECT_EVENTS permission.
	at com.android.server.input.InputManagerService.injectInputEventToTarget(InputManagerService.java:684)`
)

// sources of events that may stand before the command.
var inputSources = map[string]bool{"keyboard": true, "dpad": true, "mouse": true, "touchscreen": true, "touchpad": true, "touchnavigation": true,
	"gamepad": true, "joystick": true, "stylus": true, "trackball": true}

func input(c *call) int {
	args := c.args
	if len(args) > 0 && inputSources[args[0]] {
		args = args[1:]
	}
	if len(args) > 1 && args[0] == "-d" {
		args = args[2:]
	}
	if len(args) == 0 {
		return c.fail(1, "Usage: input [<source>] <command> [<arg>...]")
	}
	verb, args := args[0], args[1:]
	act, ok := c.gesture(verb, args)
	if ok && act != nil && c.sh.onInput != nil {
		c.sh.onInput()
	}
	switch {
	case !ok:
		return c.fail(1, "Error: Invalid arguments for command: %s\nUsage: input [<source>] <command> [<arg>...]", verb)
	case act == nil:
		return c.fail(1, "Error: Unknown command: %s\nUsage: input [<source>] <command> [<arg>...]", verb)
	case !c.sh.phone.InputAllowed() && c.sh.phone.SDK() >= 31:
		return c.fail(255, deniedInputNew, verb)
	case !c.sh.phone.InputAllowed():
		return c.fail(1, "%s", deniedInputOld)
	case c.sh.phone.Faults.Get().SilentTaps:
		c.sh.phone.Log.Printf('W', 1000, "InputDispatcher", "Permission denied: injecting event from pid %d uid 2000 to window Window{e1 u0 %s}", c.s.pid, c.sh.focusTitle())
		return 0
	}
	return act()
}

// gesture reads the arguments of a command. The result is nil for an unknown one; ok is false for wrong arguments.
func (c *call) gesture(verb string, args []string) (act func() int, ok bool) {
	switch verb {
	case "text":
		if len(args) != 1 {
			return nil, false
		}
		return func() int { return c.typeText(args[0]) }, true
	case "keyevent":
		return c.keys(args)
	case "tap":
		n, ok := numbers(args, 2, 2)
		return func() int { c.sh.apps.Tap(n[0], n[1]); return 0 }, ok
	case "swipe", "draganddrop":
		n, ok := numbers(args, 4, 5)
		return func() int { return c.swipe(n) }, ok
	case "roll":
		_, ok := numbers(args, 2, 2)
		return func() int { return 0 }, ok
	case "press":
		return func() int { return 0 }, len(args) == 0
	}
	return nil, true
}

// numbers reads coordinates: integers or decimals. The result has most elements.
func numbers(args []string, least, most int) ([]int, bool) {
	if len(args) < least || len(args) > most {
		return nil, false
	}
	out := make([]int, most)
	for i, a := range args {
		f, err := strconv.ParseFloat(a, 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) > 1e6 {
			return nil, false
		}
		out[i] = int(f)
	}
	return out, true
}

// longPress is how long a touch without movement takes to be a long press, in milliseconds.
const longPress = 500

func (c *call) swipe(n []int) int {
	if n[0] == n[2] && n[1] == n[3] {
		if n[4] >= longPress {
			c.sh.apps.Press(n[0], n[1])
		} else {
			c.sh.apps.Tap(n[0], n[1])
		}
		return 0
	}
	c.sh.apps.Swipe(n[0], n[1], n[2], n[3])
	return 0
}

func (c *call) typeText(arg string) int {
	text := decodeText(arg)
	for _, r := range text {
		if r > 0x7e {
			return c.fail(1, "java.lang.NullPointerException: Attempt to get length of null array\n\tat com.android.commands.input.Input.sendText(Input.java:179)")
		}
	}
	c.sh.apps.Type(text)
	return 0
}

// decodeText is Input.sendText of AOSP: "%s" is a space, and the characters around it are looked at as that loop does.
func decodeText(text string) string {
	b := []byte(text)
	escape := false
	for i := 0; i < len(b); i++ {
		if escape {
			escape = false
			if b[i] == 's' {
				b[i] = ' '
				i--
				b = append(b[:i], b[i+1:]...)
			}
		}
		if b[i] == '%' {
			escape = true
		}
	}
	return string(b)
}

var keyNames = map[string]int{
	"HOME": apps.KeyHome, "BACK": apps.KeyBack, "POWER": apps.KeyPower, "ENTER": apps.KeyEnter, "DEL": apps.KeyDelete, "MENU": apps.KeyMenu,
	"MEDIA_PLAY_PAUSE": apps.KeyPlayPause, "MEDIA_PLAY": apps.KeyPlay, "MEDIA_PAUSE": apps.KeyPause, "APP_SWITCH": apps.KeySwitch,
	"SLEEP": apps.KeySleep, "WAKEUP": apps.KeyWakeup, "MOVE_END": apps.KeyMoveEnd, "UNKNOWN": 0,
}

func (c *call) keys(args []string) (func() int, bool) {
	for len(args) > 0 && strings.HasPrefix(args[0], "--") {
		args = args[1:]
	}
	var codes []int
	for _, a := range args {
		code, err := strconv.Atoi(a)
		if err != nil {
			known := false
			if code, known = keyNames[strings.TrimPrefix(strings.ToUpper(a), "KEYCODE_")]; !known {
				return nil, false
			}
		}
		codes = append(codes, code)
	}
	return func() int {
		for _, code := range codes {
			c.sh.apps.Key(code)
		}
		return 0
	}, len(codes) > 0
}

func (sh *Shell) focusTitle() string {
	if w := sh.apps.Frame().Focus(); w != nil {
		return w.Title
	}
	return "null"
}
