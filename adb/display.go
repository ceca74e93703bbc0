package adb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// Size is width and height in pixels.
type Size struct{ W, H int }

// Display is the phone's screen. Coordinates of input and bounds of the UI tree count in Current.
type Display struct {
	Physical Size
	Override Size // zero if none is set
}

// Current is the size in effect.
func (d Display) Current() Size {
	if d.Override != (Size{}) {
		return d.Override
	}
	return d.Physical
}

// Display asks for the size of the screen.
func (d *Device) Display(ctx context.Context) (Display, error) {
	return read(ctx, d, "asking for the screen size", ParseDisplay, "wm", "size")
}

var wmSize = regexp.MustCompile(`(?m)^\s*(Physical|Override) size: (\d{1,5})x(\d{1,5})\s*$`)

// ParseDisplay reads `wm size`.
func ParseDisplay(text []byte) (Display, error) {
	var d Display
	for _, m := range wmSize.FindAllSubmatch(text, 10) {
		w, _ := strconv.Atoi(string(m[2]))
		h, _ := strconv.Atoi(string(m[3]))
		if w == 0 || h == 0 {
			return Display{}, fmt.Errorf("size %s", m[0])
		}
		if string(m[1]) == "Physical" {
			d.Physical = Size{w, h}
		} else {
			d.Override = Size{w, h}
		}
	}
	if d.Current() == (Size{}) {
		return Display{}, errors.New("no size")
	}
	return d, nil
}
