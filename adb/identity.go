package adb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ClockOffset is the phone's time minus ours, taken at the middle of a round trip. Phones whose date knows no %N
// (Android 6 and older) are half a second off at most.
func (d *Device) ClockOffset(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	phone, err := read(ctx, d, "reading the clock", ParseClock, "date", "+%s.%N")
	if err != nil {
		return 0, err
	}
	ended := time.Now()
	return phone.Sub(began.Add(ended.Sub(began) / 2)), nil
}

// ParseClock reads `date +%s.%N`; nanoseconds that are not digits are left out.
func ParseClock(text []byte) (time.Time, error) {
	sec, frac, _ := strings.Cut(strings.TrimSpace(string(text)), ".")
	s, err := strconv.ParseInt(sec, 10, 64)
	if err != nil || s < 0 || s > 1<<36 {
		return time.Time{}, fmt.Errorf("time %q", clip(string(text)))
	}
	ns, err := strconv.ParseUint(frac, 10, 32)
	if err != nil || len(frac) != 9 {
		ns = 500_000_000 // the middle of the second
	}
	return time.Unix(s, int64(ns)), nil
}

// BootID changes at every boot. Where the kernel's is not readable it is made of the time of the boot's first process.
func (d *Device) BootID(ctx context.Context) (string, error) {
	const op = "reading the boot id"
	id, err := read(ctx, d, op, ParseBootID, "cat", "/proc/sys/kernel/random/boot_id")
	var exit *ExitError
	if !errors.As(err, &exit) && CodeOf(err) != Denied {
		return id, err
	}
	return read(ctx, d, op, func(b []byte) (string, error) {
		n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
		return fmt.Sprintf("init-%d", n), err
	}, "getprop", "ro.boottime.init")
}

var bootID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ParseBootID reads a UUID.
func ParseBootID(text []byte) (string, error) {
	s := strings.TrimSpace(string(text))
	if !bootID.MatchString(s) {
		return "", fmt.Errorf("boot id %q", clip(s))
	}
	return s, nil
}

// Accounts is who is signed in on a phone, of all its users. Names are not kept.
type Accounts struct {
	Count int
	Types map[string]int // how many of each type, as "com.google"; nil if there are none
}

// Accounts counts the accounts that are set up on the phone, of all its users. Their names are not kept.
func (d *Device) Accounts(ctx context.Context) (Accounts, error) {
	return read(ctx, d, "counting accounts", ParseAccounts, "dumpsys", "account")
}

var (
	accountCount = regexp.MustCompile(`^\s*Accounts: (\d{1,4})\s*$`)
	// accountType takes the last type of a line: a name may hold anything.
	accountType = regexp.MustCompile(`^\s*Account \{name=.*, type=([A-Za-z0-9_.-]{1,100})\}\s*$`)
)

// Bounds of what is read of accounts.
const (
	maxUsers        = 1000
	maxAccountTypes = 64
)

// ParseAccounts reads `dumpsys account`: for each user of the phone a line "Accounts: N" with N lines below it, one an account.
func ParseAccounts(text []byte) (Accounts, error) {
	var out Accounts
	users, left := 0, 0
	for line := range bytes.Lines(text) {
		if m := accountCount.FindSubmatch(line); m != nil {
			if users++; users > maxUsers {
				return Accounts{}, fmt.Errorf("more than %d users", maxUsers)
			}
			left, _ = strconv.Atoi(string(m[1]))
			out.Count += left
			continue
		}
		m := accountType.FindSubmatch(line)
		if left == 0 || m == nil {
			left = 0 // other lists follow, of which no line is an account that is set up
			continue
		}
		left--
		if _, known := out.Types[string(m[1])]; !known && len(out.Types) >= maxAccountTypes {
			continue
		}
		if out.Types == nil {
			out.Types = map[string]int{}
		}
		out.Types[string(m[1])]++
	}
	if users == 0 {
		return Accounts{}, errors.New("no count of accounts")
	}
	return out, nil
}
