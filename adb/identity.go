package adb

import (
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

// Accounts counts the accounts that are set up on the phone, of all its users. Their names are not kept.
func (d *Device) Accounts(ctx context.Context) (int, error) {
	return read(ctx, d, "counting accounts", ParseAccounts, "dumpsys", "account")
}

var accountCount = regexp.MustCompile(`(?m)^\s*Accounts: (\d{1,4})\s*$`)

// ParseAccounts reads `dumpsys account`: one line "Accounts: N" for each user of the phone.
func ParseAccounts(text []byte) (int, error) {
	all := accountCount.FindAllSubmatch(text, 1000)
	if len(all) == 0 {
		return 0, errors.New("no count of accounts")
	}
	sum := 0
	for _, m := range all {
		n, _ := strconv.Atoi(string(m[1]))
		sum += n
	}
	return sum, nil
}
