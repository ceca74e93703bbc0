package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// Answer is what a check found. Unknown is said, never guessed.
type Answer string

// The answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// Check is one precondition of a phone, with what to do about it.
type Check struct {
	Phone  string `json:"phone"`
	Name   string `json:"name"`
	Answer Answer `json:"answer"`
	Detail string `json:"detail,omitempty"`
	Fix    string `json:"fix,omitempty"` // exact, if the answer is not yes
}

// Examine asks a phone for every precondition of a run, changing only what it puts back. It goes as far as it can: what
// depends on a check that failed is unknown, and says on which.
func Examine(ctx context.Context, o Options) ([]Check, error) {
	l := newLease(o)
	l.driving.Lock()
	defer l.driving.Unlock()
	x := examination{lease: l}
	locking, cancel := context.WithTimeout(ctx, lockTimeout)
	var err error
	l.lock, err = LockPhone(locking, o.State, o.Serial)
	cancel()
	if err != nil {
		return nil, err
	}
	x.authorised(ctx)
	x.input(ctx)
	x.proxy(ctx)
	for _, b := range o.Profile.Browsers {
		x.canary(ctx, b.ID)
	}
	return x.checks, l.abandon(ctx)
}

type examination struct {
	lease  *Lease
	checks []Check
	failed string // the first check that later ones depend on
}

// note records a check; one that is not yes makes those that depend on it unknown.
func (x *examination) note(c Check) {
	c.Phone = x.lease.profile.ID
	if c.Answer == Yes {
		c.Fix = ""
	} else if x.failed == "" {
		x.failed = c.Name
	}
	x.checks = append(x.checks, c)
}

// blocked notes a check that cannot be made, and says whether it is one.
func (x *examination) blocked(name string) bool {
	if x.failed == "" {
		return false
	}
	x.checks = append(x.checks, Check{
		Phone: x.lease.profile.ID, Name: name, Answer: Unknown,
		Detail: "not tried: " + x.failed, Fix: "first see to: " + x.failed,
	})
	return true
}

func (x *examination) authorised(ctx context.Context) {
	c := Check{Name: "this computer may debug the phone", Answer: Yes}
	if err := x.lease.attach(ctx); err != nil {
		c.Answer, c.Detail, c.Fix = No, err.Error(), fixOf(err, "connect the phone, switch on Developer options > USB debugging")
	}
	x.note(c)
}

func (x *examination) input(ctx context.Context) {
	c := Check{Name: "adb may tap, type and change settings", Answer: Yes}
	if x.blocked(c.Name) {
		return
	}
	props, err := x.lease.device.Props(ctx)
	switch {
	case err != nil:
		c.Answer, c.Detail, c.Fix = Unknown, err.Error(), fixOf(err, "run doctor again")
	case props["ro.miui.ui.version.name"] == "" && props["ro.mi.os.version.name"] == "":
		c.Detail = "not a Xiaomi system, so nothing has to be switched on"
	case props["persist.security.adbinput"] != "1":
		c.Answer = No
		c.Detail = fmt.Sprintf("persist.security.adbinput is %q", props["persist.security.adbinput"])
		c.Fix = "switch on Developer options > \"USB debugging (Security settings)\" (it needs a Mi account and a SIM), then reboot the phone"
	}
	x.note(c)
}

func (x *examination) proxy(ctx context.Context) {
	c := Check{Name: "its traffic can be led to our proxy and back", Answer: Yes, Detail: "http_proxy set to " + proxyValue() + " and read back"}
	if x.blocked(c.Name) {
		return
	}
	l := x.lease
	for _, step := range []func(context.Context) error{l.replay, l.preconditions, l.describe, l.listen, l.redirect} {
		if err := step(ctx); err != nil {
			c.Answer, c.Detail, c.Fix = No, err.Error(), fixOf(err, "see the message; if a setting is refused, the phone's security settings deny it to adb")
			break
		}
	}
	x.note(c)
}

// canary opens our own page in a browser, and looks for it, decrypted, in the record.
func (x *examination) canary(ctx context.Context, browser string) {
	c := Check{Name: "our canary arrives readable through " + browser, Answer: Yes}
	if x.blocked(c.Name) {
		return
	}
	l := x.lease
	if err := l.trust(ctx); err != nil {
		c.Answer, c.Detail, c.Fix = No, err.Error(), fixOf(err, certFix)
		x.checks = append(x.checks, c)
		return
	}
	for _, b := range l.profile.Browsers {
		if b.ID != browser {
			continue
		}
		s := l.Session(leak.Key{Phone: l.profile.ID, Browser: b.ID, Scenario: leak.ControlScenario, Variant: "default"})
		at, err := s.attempt(ctx, &control{lease: l, browser: b, page: s.controlPage(l.ControlHost)})
		switch {
		case err == nil && at.Postcondition.Seen:
		case at.Fault == nil:
			c.Answer, c.Detail, c.Fix = No, at.Postcondition.Got, certFix
		default:
			c.Answer, c.Detail, c.Fix = Unknown, at.Fault.Detail, fixOf(err, "run doctor again")
		}
	}
	// A browser that does not trust us says nothing about the next one.
	c.Phone = l.profile.ID
	x.checks = append(x.checks, c)
}

// certFix is how an owner makes a browser trust the farm's certificate.
const certFix = "install our certificate: adb push STATE/ca/ca.pem /sdcard/Download/telltale-ca.crt, then on the phone Settings > Security > Encryption & credentials > Install a certificate > CA certificate; " +
	"an app that trusts only the system's store needs a rooted phone"

// fixOf gives the fix that an error itself carries, else the general one.
func fixOf(err error, general string) string {
	var fault *adb.Fault
	if errors.As(err, &fault) && fault.Fix() != "" {
		return fault.Fix()
	}
	var missing *ui.NotFoundError
	if errors.As(err, &missing) {
		return "look at the phone's screen: " + strings.TrimSpace(general)
	}
	return general
}
