package adb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Battery is what `dumpsys battery` says.
type Battery struct {
	Level       int // of Scale, usually 100
	Scale       int
	Status      int     // 2 charging, 3 discharging, 4 not charging, 5 full
	Temperature float64 // degrees Celsius
	Powered     bool    // by a charger, USB, a pad or a dock
	Faked       bool    // somebody set values by hand: `dumpsys battery reset` ends that
}

// Battery reads the battery's state.
func (d *Device) Battery(ctx context.Context) (Battery, error) {
	return read(ctx, d, "reading the battery", ParseBattery, "dumpsys", "battery")
}

// ParseBattery reads `dumpsys battery`.
func ParseBattery(text []byte) (Battery, error) {
	b := Battery{Level: -1, Scale: 100}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		if strings.Contains(line, "(UPDATES STOPPED") {
			b.Faked = true
		}
		if strings.HasSuffix(key, " powered") {
			b.Powered = b.Powered || value == "true"
			continue
		}
		var to *int
		tenths := 0
		switch key {
		case "level":
			to = &b.Level
		case "scale":
			to = &b.Scale
		case "status":
			to = &b.Status
		case "temperature":
			to = &tenths
		default:
			continue
		}
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return Battery{}, fmt.Errorf("line %q", clip(line))
		}
		*to = int(n)
		if key == "temperature" {
			b.Temperature = float64(tenths) / 10
		}
	}
	if b.Level < 0 || b.Scale <= 0 {
		return Battery{}, errors.New("no level")
	}
	return b, nil
}

// read runs a command and parses what it prints.
func read[T any](ctx context.Context, d *Device, op string, parse func([]byte) (T, error), argv ...string) (T, error) {
	var zero T
	res, err := d.Shell(ctx, argv...)
	if err := d.said(op, res, err); err != nil {
		return zero, err
	}
	v, err := parse(res.Stdout)
	if err != nil {
		return zero, newFault(Malformed, d.serial, op, err)
	}
	return v, nil
}
