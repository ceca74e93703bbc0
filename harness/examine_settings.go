package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/adb"
)

// privateDNS asks whether the phone insists on a resolver of its own. In the strict mode it trusts no network on which
// that resolver cannot be reached, and its names go around the proxy.
func privateDNS() probe {
	return probe{
		id: "private-dns", name: "it does not insist on a private DNS server", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			mode, err := x.lease.device.Setting(ctx, adb.Setting{Namespace: "global", Key: "private_dns_mode"})
			if err != nil {
				return failed(err)
			}
			switch mode.Value {
			case "":
				return yes("private_dns_mode is not set: the system's default")
			case "off", "opportunistic":
				return yes("private_dns_mode is " + mode.Value)
			case "hostname":
				server, err := x.lease.device.Setting(ctx, adb.Setting{Namespace: "global", Key: "private_dns_specifier"})
				if err != nil {
					return failed(err)
				}
				return no("it asks "+server.Value+" alone", "set Settings > Network & internet > Private DNS to Off or Automatic")
			}
			return unknown("private_dns_mode is "+mode.Value+", which is not known", "set Settings > Network & internet > Private DNS to Off or Automatic")
		},
	}
}

// accounts counts accounts; their names are not read. Whose they are cannot be told from outside.
func accounts() probe {
	return probe{
		id: "accounts", name: "nobody's account is signed in", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			signed, err := x.lease.device.Accounts(ctx)
			if err != nil {
				return failed(err)
			}
			if signed.Count > 0 {
				return unknown(fmt.Sprintf("%d signed in (%s); whether a person uses them cannot be told", signed.Count, accountTypes(signed)),
					"use accounts made for testing alone: what they sync ends up in the evidence. A Mi account is needed only while the security setting of USB debugging is switched on")
			}
			return yes("none")
		},
	}
}

// conditions says how the switches stand that decide what the phone may send: a run records them before and after.
func conditions() probe {
	return probe{
		id: "conditions", name: "what it is told to send of its own is known", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			all, err := x.lease.switches(ctx, xiaomi(x.props))
			if err != nil {
				return failed(err)
			}
			var said, silent []string
			for _, c := range all {
				if c.Unknown != "" {
					silent = append(silent, c.Key)
					continue
				}
				said = append(said, fmt.Sprintf("%s: %s (%s, %s)", c.Name, c.Word(), c.Key, c.Certainty))
			}
			if len(silent) > 0 {
				return unknown("not readable: "+strings.Join(silent, ", ")+"; "+strings.Join(said, "; "), "look at them on the phone, and write down how they stand: a run records what it can read")
			}
			return yes(strings.Join(said, "; "))
		},
	}
}

// updaters are apps that install a new system by themselves where the developer option does not bind them.
var updaters = [...]string{"com.android.updater"}

// systemUpdates asks whether the phone may change its system in the middle of a run.
func systemUpdates() probe {
	return probe{
		id: "system-updates", name: "no system update installs itself", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			off, err := x.lease.device.Setting(ctx, adb.Setting{Namespace: "global", Key: "ota_disable_automatic_update"})
			if err != nil {
				return failed(err)
			}
			if off.Value != "1" {
				return no("ota_disable_automatic_update is "+off.String(), "switch off Developer options > Automatic system updates")
			}
			return x.without(ctx, updaters[:], "switch off automatic download in About phone > MIUI version > (menu) > Update settings")
		},
	}
}

// stores are apps that update other apps by themselves, at a time of their own.
var stores = [...]string{"com.android.vending", "com.xiaomi.market", "com.xiaomi.mipicks", "com.xiaomi.discover"}

// appUpdates asks whether apps may change in the middle of a run. Their stores keep the switch to themselves.
func appUpdates() probe {
	return probe{
		id: "app-updates", name: "no app updates itself", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			return x.without(ctx, stores[:], "switch off automatic updates in each store's settings, or disable it: adb -s "+shellWord(x.lease.Serial)+" shell pm disable-user --user 0 PACKAGE")
		},
	}
}

// without looks for packages that are installed and enabled. What they will do cannot be read, so they are unknown.
func (x *examination) without(ctx context.Context, packages []string, fix string) found {
	res, err := x.lease.device.Shell(ctx, "pm", "list", "packages", "-e")
	if err != nil {
		return failed(err)
	}
	var there []string
	for line := range strings.Lines(string(res.Stdout)) {
		if name := strings.TrimPrefix(strings.TrimSpace(line), "package:"); slices.Contains(packages, name) && !slices.Contains(there, name) {
			there = append(there, name)
		}
	}
	if len(there) > 0 {
		return unknown(strings.Join(there, " and ")+" may do so by itself, and does not say; a run during which it does is `device-changed`", fix)
	}
	return yes("nothing is installed that would")
}
