package adb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Class says whose fault it was.
type Class string

// The classes of fault.
const (
	ClassPhone   Class = "phone"   // the phone was away, refused, or did not finish
	ClassNetwork Class = "network" // a phone on the network could not be reached
	ClassHarness Class = "harness" // our side: the adb server, a limit, a cancelled context
)

// Code names what went wrong. A Code is an error, so that errors.Is(err, adb.Offline) works.
type Code string

func (c Code) Error() string {
	if t, ok := codes[c]; ok {
		return t.says
	}
	return string(c)
}

// The codes of a [Fault].
const (
	Offline       Code = "offline"        // listed, but its daemon does not answer
	Unauthorized  Code = "unauthorized"   // it has not allowed this computer's key
	NoPermissions Code = "no-permissions" // the computer's user may not open the USB device
	NotFound      Code = "not-found"      // the adb server does not know the serial
	Closed        Code = "closed"         // the phone refused the service
	Refused       Code = "refused"        // the phone's daemon said no
	NoExit        Code = "no-exit"        // the output ended without the exit packet: the link dropped, the output is cut
	Timeout       Code = "timeout"        // the deadline passed
	Denied        Code = "denied"         // Android refused the shell a permission
	NoScreen      Code = "no-screen"      // the phone drew no screenshot
	ScreenBusy    Code = "screen-busy"    // uiautomator waited in vain for the screen to come to rest
	NoTree        Code = "no-tree"        // uiautomator saw no window
	Locked        Code = "locked"         // the lock screen did not go away
	Malformed     Code = "malformed"      // the phone's answer could not be read
	TooLarge      Code = "too-large"      // the phone's answer was over the limit
	Untypable     Code = "untypable"      // text that `input text` cannot type
	NotKept       Code = "not-kept"       // a setting that was put reads back as something else
	NoActivity    Code = "no-activity"    // an app that is not there or cannot be started
	NoFile        Code = "no-file"        // a file of the phone that is not there, or may not be read or written
	Unreachable   Code = "unreachable"    // a phone on the network did not answer
	ServerGone    Code = "server-gone"    // the adb server does not answer, or died
	NotInstalled  Code = "adb-missing"    // there is no adb command
	ServerRefused Code = "server-refused" // the adb server refused for another reason
	Protocol      Code = "protocol"       // the adb server's answer could not be read
	Canceled      Code = "canceled"       // our caller gave up
	Usage         Code = "usage"          // an argument that cannot be sent
	ReverseTaken  Code = "reverse-taken"  // the phone's port is reversed to another port of ours
	LocalFile     Code = "local-file"     // reading or writing the computer's end of a transfer failed
)

type codeText struct {
	class     Class
	says, fix string
}

// codes is read only.
var codes = map[Code]codeText{
	Offline:       {ClassPhone, "phone is offline", "check the cable and that the phone is switched on; unplug and plug it again"},
	Unauthorized:  {ClassPhone, "phone has not authorized this computer", "accept the RSA prompt on the phone's screen (\"Allow USB debugging\")"},
	NoPermissions: {ClassHarness, "no permission for the USB device", "add a udev rule for the phone (package android-sdk-platform-tools-common), then plug it again"},
	NotFound:      {ClassPhone, "phone is not attached", "check the cable, that USB debugging is on, and the serial in `adb devices`"},
	Closed:        {ClassPhone, "phone refused the service", "reconnect the phone; if it stays so, reboot it"},
	Refused:       {ClassPhone, "phone refused", ""},
	NoExit:        {ClassPhone, "answer was cut off before its end", "the link dropped: check cable and hub"},
	Timeout:       {ClassPhone, "phone did not answer in time", "reconnect the phone; if it stays so, reboot it"},
	Denied:        {ClassPhone, "Android refused the permission", "on Xiaomi phones switch on Developer options > \"USB debugging (Security settings)\", then reboot the phone"},
	NoScreen:      {ClassPhone, "no screenshot", "wake the phone; windows that forbid screenshots stay black or print nothing"},
	ScreenBusy:    {ClassPhone, "screen does not come to rest", "pause videos and animations (`settings put global animator_duration_scale 0`)"},
	NoTree:        {ClassPhone, "no window to read", "wake and unlock the phone; secure windows cannot be read"},
	Locked:        {ClassPhone, "phone is locked", "unlock it by hand, or give its PIN (devices.yaml: unlock: {pin_env: NAME})"},
	Malformed:     {ClassPhone, "answer could not be read", ""},
	TooLarge:      {ClassPhone, "answer is over the limit", ""},
	Untypable:     {ClassPhone, "text cannot be typed", "`input text` types printable ASCII only: use such text, or install ADBKeyBoard on the phone"},
	NotKept:       {ClassPhone, "setting was not kept", ""},
	NoActivity:    {ClassPhone, "app has nothing to start", "check that it is installed and enabled"},
	NoFile:        {ClassPhone, "file is missing or forbidden", ""},
	Unreachable:   {ClassNetwork, "phone on the network does not answer", "check its address, and that both are on the same network"},
	ServerGone:    {ClassHarness, "adb server does not answer", "start it with `adb start-server`"},
	NotInstalled:  {ClassHarness, "the adb command is not installed", "install it: `apt-get install adb`, `brew install android-platform-tools`, or Android's platform-tools on the PATH"},
	ServerRefused: {ClassHarness, "adb server refused", ""},
	Protocol:      {ClassHarness, "adb server's answer could not be read", "update adb (29.0.6 or later)"},
	Canceled:      {ClassHarness, "gave up", ""},
	Usage:         {ClassHarness, "argument cannot be sent", ""},
	ReverseTaken:  {ClassHarness, "phone's port leads elsewhere", "stop the phone's apps and clear its proxy, then remove that reverse"},
	LocalFile:     {ClassHarness, "the computer's end failed", ""},
}

// Fault is why a call could not be carried out. errors.Is finds its [Code] and its cause.
type Fault struct {
	Class Class
	Code  Code
	Phone string // serial; empty when no phone is concerned
	Op    string // what was being done: `running "getprop"`
	Err   error  // the cause, may be nil
}

func newFault(code Code, phone, op string, err error) *Fault {
	return &Fault{Class: codes[code].class, Code: code, Phone: phone, Op: op, Err: err}
}

// Error reads `doing x on <phone>: what: cause: remedy`, each part at most 500 bytes.
func (f *Fault) Error() string {
	var t strings.Builder
	t.WriteString(clip(f.Op))
	if f.Phone != "" {
		t.WriteString(" on " + clip(f.Phone))
	}
	t.WriteString(": " + f.Code.Error())
	if f.Err != nil {
		t.WriteString(": " + clip(f.Err.Error()))
	}
	if fix := f.Fix(); fix != "" {
		t.WriteString(": " + fix)
	}
	return t.String()
}

// Unwrap gives the code and the cause.
func (f *Fault) Unwrap() []error {
	if f.Err == nil {
		return []error{f.Code}
	}
	return []error{f.Code, f.Err}
}

// Fix says what a person can do about it; empty if nothing general can be said.
func (f *Fault) Fix() string { return codes[f.Code].fix }

// ExitError is a command that ran on the phone and ended with a status other than 0.
type ExitError struct {
	Phone  string
	Op     string
	Result Result
}

func (e *ExitError) Error() string {
	text := strings.TrimSpace(string(e.Result.Stderr))
	if text == "" {
		text = strings.TrimSpace(string(e.Result.Stdout))
	}
	if text != "" {
		text = ": " + clip(text)
	}
	return fmt.Sprintf("%s on %s: exit status %d%s", clip(e.Op), clip(e.Phone), e.Result.Exit, text)
}

// ClassOf says whose fault err is; empty for nil. An [*ExitError] is the phone's. What is no fault of this package is
// the harness's, a passed deadline included: only a deadline that passed while a phone was asked is the phone's.
func ClassOf(err error) Class {
	var f *Fault
	var e *ExitError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &f):
		return f.Class
	case errors.As(err, &e):
		return ClassPhone
	}
	return ClassHarness
}

// CodeOf gives the code of the first fault in err's chain; empty if there is none.
func CodeOf(err error) Code {
	var f *Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

// over says that a context has ended, or is about to: a socket notices a deadline a moment before its context does.
func over(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(end)
}

// ended turns a finished context into a fault.
func ended(ctx context.Context, phone, op string) *Fault {
	if err := ctx.Err(); err == nil || errors.Is(err, context.DeadlineExceeded) {
		f := newFault(Timeout, phone, op, context.DeadlineExceeded)
		if phone == "" {
			f.Class = ClassHarness
		}
		return f
	}
	return newFault(Canceled, phone, op, context.Cause(ctx))
}

// refused turns the text of a FAIL answer into a fault. Texts: adb 29.0.6, transport.cpp acquire_one_transport.
func refused(text, phone, op string) *Fault {
	cause := errors.New(clip(text))
	code := ServerRefused
	switch {
	case strings.Contains(text, "unauthorized"), strings.Contains(text, "authorizing"):
		code = Unauthorized
	case strings.Contains(text, "no permissions"), strings.HasPrefix(text, "insufficient permissions"): // the list says the first, a request for the phone the second
		code = NoPermissions
	case strings.Contains(text, "offline"), strings.Contains(text, "connecting"):
		code = Offline
	case strings.Contains(text, "not found"), strings.Contains(text, "no devices"), strings.Contains(text, "unknown device"):
		code = NotFound
	case strings.TrimSpace(text) == "closed":
		code = Closed
	}
	return newFault(code, phone, op, cause)
}

func clip(s string) string {
	const most = 500
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
