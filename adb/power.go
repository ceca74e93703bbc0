package adb

import (
	"context"
	"errors"
	"regexp"
)

// Wakefulness is Awake, Asleep, Dozing or Dreaming; only Awake shows an app.
type Wakefulness string

// Awake is the wakefulness of a phone whose screen is on.
const Awake Wakefulness = "Awake"

// Wakefulness asks whether the screen is on.
func (d *Device) Wakefulness(ctx context.Context) (Wakefulness, error) {
	return read(ctx, d, "asking whether the phone is awake", ParseWakefulness, "dumpsys", "power")
}

var wakefulness = regexp.MustCompile(`(?m)^\s*(?:mWakefulness|getWakefulnessLocked\(\))=([A-Za-z]{1,40})\b`)

// ParseWakefulness reads `dumpsys power`.
func ParseWakefulness(text []byte) (Wakefulness, error) {
	m := wakefulness.FindSubmatch(text)
	if m == nil {
		return "", errors.New("no wakefulness")
	}
	return Wakefulness(m[1]), nil
}

// Keyguard is the lock screen.
type Keyguard struct {
	Locked    bool
	Secure    bool // a PIN, pattern or password is set; false where the phone does not say
	ScreenOff bool
}

// Keyguard asks whether the phone is locked.
func (d *Device) Keyguard(ctx context.Context) (Keyguard, error) {
	return read(ctx, d, "asking whether the phone is locked", ParseKeyguard, "dumpsys", "window", "policy")
}

var keyguardFlag = regexp.MustCompile(`\b(mShowingLockscreen|mDreamingLockscreen|mIsShowing|mInputRestricted|secure|screenState)=([A-Za-z_]{1,40})`)

// ParseKeyguard reads `dumpsys window policy`. Locked means a lock screen or a dream before it (Android 9 and older), or
// a keyguard that shows and restricts input (10 and later).
func ParseKeyguard(text []byte) (Keyguard, error) {
	set := map[string]bool{}
	for _, m := range keyguardFlag.FindAllSubmatch(text, 1000) {
		name, value := string(m[1]), string(m[2])
		set[name] = set[name] || value == "true" || value == "SCREEN_STATE_OFF"
	}
	_, old := set["mShowingLockscreen"]
	_, now := set["mIsShowing"]
	if !old && !now {
		return Keyguard{}, errors.New("no state of the lock screen")
	}
	return Keyguard{
		Locked:    set["mShowingLockscreen"] || set["mDreamingLockscreen"] || set["mIsShowing"] && set["mInputRestricted"],
		Secure:    set["secure"],
		ScreenOff: set["screenState"],
	}, nil
}
