package virtual_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// Our client's readers, written from what real phones print, must understand every shipped phone, through a real adb
// server.
func TestEveryReaderUnderstandsEveryPhone(t *testing.T) {
	for _, name := range personality.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := personality.ByName(name)
			if err != nil {
				t.Fatal(err)
			}
			b := open(t, p, adbd.NoAuth)
			d, ctx := b.device, t.Context()
			check := func(what string, ok bool, got any, err error) {
				t.Helper()
				if err != nil || !ok {
					t.Errorf("%s: %+v, %v", what, got, err)
				}
			}
			props, err := d.Props(ctx)
			check("props", props["ro.telltale.virtual"] == name && props["ro.serialno"] == b.phone.Serial(), len(props), err)
			list, err := b.server.Devices(ctx)
			check("devices", len(list) == 1 && list[0].Device == props["ro.product.device"], list, err)
			battery, err := d.Battery(ctx)
			check("battery", battery.Level > 0 && battery.Powered && !battery.Faked, battery, err)
			display, err := d.Display(ctx)
			check("display", display.Current().W == p.Screen.Width && display.Current().H == p.Screen.Height, display, err)
			awake, err := d.Wakefulness(ctx)
			check("wakefulness", awake == adb.Awake, awake, err)
			guard, err := d.Keyguard(ctx)
			check("keyguard", !guard.Locked && !guard.Secure && !guard.ScreenOff, guard, err)
			offset, err := d.ClockOffset(ctx)
			check("clock", offset.Abs().Seconds() < 5, offset, err)
			boot, err := d.BootID(ctx)
			check("boot id", boot != "", boot, err)
			accounts, err := d.Accounts(ctx)
			check("accounts", (accounts.Count > 0) == p.Account && (accounts.Types["com.xiaomi"] > 0) == p.Account, accounts, err)
			traffic, err := d.Traffic(ctx)
			check("traffic", err == nil, traffic, err)
			sockets, err := d.Sockets(ctx)
			check("sockets", err == nil, sockets, err)
			packages, err := d.Packages(ctx)
			for _, app := range p.Apps {
				found := false
				for _, got := range packages {
					found = found || got.Name == app.Package && got.UID == app.UID && got.Version == app.Version
				}
				check("package "+app.Package, found, packages, err)
			}
			focus, err := d.Focus(ctx)
			check("focus", focus.Package != "", focus, err)
			tree, err := ui.Dump(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			inFront := false
			for _, n := range tree.Nodes() {
				inFront = inFront || n.Package == focus.Package
			}
			check("focus and dump name the same app", inFront, focus, nil)
			shot, err := d.Screencap(ctx)
			check("screencap", len(shot) > 0, len(shot), err)
			if config, err := png.DecodeConfig(bytes.NewReader(shot)); err != nil || config.Width != p.Screen.Width || config.Height != p.Screen.Height {
				t.Errorf("picture %+v, %v", config, err)
			}
			for _, s := range []adb.Setting{{Namespace: "global", Key: "wifi_on"}, {Namespace: "secure", Key: "android_id"}, {Namespace: "system", Key: "screen_brightness"}} {
				v, err := d.Setting(ctx, s)
				check(s.String(), v.Value != "", v, err)
			}
		})
	}
}

func TestFilesAndShell(t *testing.T) {
	b := open(t, personality.Leaky2020(), adbd.NoAuth)
	ctx := t.Context()
	for _, size := range []int{0, 1, 64<<10 - 1, 3 << 20} {
		data := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		if err := b.device.Push(ctx, bytes.NewReader(data), "/sdcard/Download/new dir/f.bin", 0o644); err != nil {
			t.Fatal(err)
		}
		var back bytes.Buffer
		if err := b.device.Pull(ctx, "/sdcard/Download/new dir/f.bin", &back); err != nil || !bytes.Equal(back.Bytes(), data) {
			t.Fatalf("%d bytes pulled of %d, %v", back.Len(), size, err)
		}
	}
	files, err := b.device.List(ctx, "/sdcard/Download")
	if err != nil || len(files) == 0 {
		t.Errorf("list: %v %v", files, err)
	}
	if err := b.device.Push(ctx, strings.NewReader("x"), "/system/x", 0o644); err == nil {
		t.Error("pushed into /system")
	}
	if err := b.device.Pull(ctx, "/data/data/com.android.browser/x", new(bytes.Buffer)); err == nil {
		t.Error("pulled out of an app's folder")
	}
	if got := b.shell(t, `for i in 1 2 3; do echo "n $i"; done | grep -c n; exit 0`); got != "3" {
		t.Errorf("%q", got)
	}
	res, err := b.device.Shell(ctx, "echo", "a  b; id", "&", "$HOME", "'")
	if err != nil || string(res.Stdout) != "a  b; id & $HOME '\n" {
		t.Errorf("%q %v", res.Stdout, err)
	}
	res, err = b.device.Script(ctx, "echo out; echo err >&2; exit 3")
	if string(res.Stdout) != "out\n" || string(res.Stderr) != "err\n" || res.Exit != 3 {
		t.Errorf("%+v %v", res, err)
	}
}
