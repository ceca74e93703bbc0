package harness

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"

	"github.com/telltale-farm/telltale/adb"
)

// lockScreen wakes and unlocks the phone. A lock with a PIN that we do not have would come back in the middle of a run.
func lockScreen() probe {
	return probe{
		id: "lock-screen", name: "it can be woken and unlocked", needs: []string{"input"},
		try: func(ctx context.Context, x *examination) found {
			l := x.lease
			const fix = "remove the lock (Settings > Security > Screen lock > None), or name the environment variable that holds its PIN: `unlock: {pin_env: NAME}`"
			pin, err := l.driver.pin()
			if err != nil {
				return no(err.Error(), "export it before `telltale`, or remove `unlock:` from the phone's block")
			}
			if err := l.driver.Screen.Unlock(ctx, pin); err != nil {
				if adb.CodeOf(err) == adb.Locked {
					return no(err.Error(), fix)
				}
				return failed(err)
			}
			k, err := l.device.Keyguard(ctx)
			if err != nil {
				return failed(err)
			}
			if k.Secure && pin == "" {
				return unknown("it is unlocked now, and has a PIN that we do not know", fix)
			}
			return yes(fmt.Sprintf("unlocked; secured by a PIN: %v", k.Secure))
		},
	}
}

func screenDump() probe {
	return probe{
		id: "screen-dump", name: "its screen can be read", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			t, err := x.lease.driver.Screen.Dump(ctx)
			switch adb.CodeOf(err) {
			case "":
			case adb.ScreenBusy, adb.NoTree, adb.Malformed:
				return no(err.Error(), fixOf(err, "end other programs that automate this phone (uiautomator2, Appium), and bring it to its home screen"))
			default:
				return failed(err)
			}
			return yes(fmt.Sprintf("%d nodes", len(t.Nodes())))
		},
	}
}

func screenshot() probe {
	return probe{
		id: "screenshot", name: "a screenshot shows something", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			b, err := x.lease.device.Screencap(ctx)
			if adb.CodeOf(err) == adb.NoScreen {
				return no(err.Error(), fixOf(err, "wake the phone; a window that forbids screenshots may be in front"))
			}
			if err != nil {
				return failed(err)
			}
			picture, err := decodeScreen(b)
			if err != nil {
				return no(err.Error(), "wake the phone, and run doctor again")
			}
			if uniform(picture) {
				return unknown("it is of one colour throughout", "wake the phone, and bring it to its home screen; a window in front may forbid screenshots")
			}
			return yes(fmt.Sprintf("%d x %d", picture.Bounds().Dx(), picture.Bounds().Dy()))
		},
	}
}

// maxPixels bounds a screenshot that is decoded: 8K.
const maxPixels = 7680 * 4320

func decodeScreen(b []byte) (image.Image, error) {
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if c.Width*c.Height > maxPixels {
		return nil, fmt.Errorf("a picture of %d x %d", c.Width, c.Height)
	}
	return png.Decode(bytes.NewReader(b))
}

// uniform looks at every 16th pixel each way, which finds any text.
func uniform(p image.Image) bool {
	r := p.Bounds()
	first := p.At(r.Min.X, r.Min.Y)
	for y := r.Min.Y; y < r.Max.Y; y += 16 {
		for x := r.Min.X; x < r.Max.X; x += 16 {
			if p.At(x, y) != first {
				return false
			}
		}
	}
	return true
}
