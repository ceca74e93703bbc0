package harness

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// logReadable writes a line into the phone's log and reads it back from a time on: how a window's log is kept, and how
// touches that the system dropped are found.
func logReadable() probe {
	return probe{
		id: "log", name: "its log can be read from a moment on", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			l := x.lease
			since, err := l.phoneTime(ctx)
			if err != nil {
				return failed(err)
			}
			const fix = "without it, touches that the phone drops cannot be told from those that changed nothing; reboot the phone, and see Developer options > Logger buffer sizes"
			const word = "doctor writes this line to read it back"
			if _, err := l.device.Shell(ctx, "log", "-t", "telltale", word); err != nil {
				return no(err.Error(), fix)
			}
			said, err := l.device.Exec(ctx, "logcat", "-d", "-v", "epoch", "-T", logTime(since.Add(-time.Second)), "-s", "telltale")
			if err != nil {
				return failed(err)
			}
			if !l.dry && !bytes.Contains(said, []byte(word)) {
				return no("a line that was written to it is not in it", fix)
			}
			return yes("a line that was written to it was read")
		},
	}
}

// filmed makes a short film of the screen, if devices.yaml wants films.
func filmed() probe {
	return probe{
		id: "video", name: "its screen can be filmed", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			const file = filmFile + "-probe.mp4"
			const fix = "take `video: true` out of the phone's `record:`; runs go on without a film and say so"
			d := x.lease.device
			_, err := d.Script(ctx, fmt.Sprintf("screenrecord --time-limit 1 --bit-rate %d %s", filmRate, file))
			var film bytes.Buffer
			if err == nil {
				err = d.Pull(ctx, file, &film)
			}
			if _, rerr := d.Shell(ctx, "rm", "-f", file); rerr != nil {
				return failed(rerr)
			}
			switch {
			case err != nil && adb.ClassOf(err) == adb.ClassPhone:
				return no(err.Error(), fix)
			case err != nil:
				return failed(err)
			case !x.lease.dry && !bytes.Contains(film.Bytes(), []byte("moov")):
				return no("the file has no index: no player opens it", fix)
			}
			return yes(fmt.Sprintf("a second of it takes %d KiB", film.Len()>>10))
		},
	}
}

// identifiersReadable says which of the phone's own identifiers will be searched for.
func identifiersReadable() probe {
	return probe{
		id: "identifiers", name: "identifiers of its own can be read, to be searched for", needs: []string{"identity"},
		try: func(ctx context.Context, x *examination) found {
			android, err := x.lease.device.Setting(ctx, adb.Setting{Namespace: "secure", Key: "android_id"})
			if err != nil {
				return failed(err)
			}
			var can, cannot []string
			for name, value := range map[string]string{"android_id (as adb sees it)": android.Value, "serial number": x.props["ro.serialno"]} {
				if len(value) >= leak.MinNeedle || x.lease.dry {
					can = append(can, name)
				} else {
					cannot = append(cannot, name)
				}
			}
			if len(can) == 0 {
				return no("neither "+strings.Join(cannot, " nor "), "identity claims of this phone stay inconclusive; nothing can be done from outside")
			}
			if len(cannot) > 0 {
				return yes("only the " + can[0])
			}
			return yes(fmt.Sprintf("%d of them", len(can)))
		},
	}
}
