package adbtest

import (
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/adb"
)

func readers(t *testing.T, s suite) {
	ctx := s.within(t)
	state, err := s.d.State(ctx)
	check(t, "state", state == adb.StateDevice, state, err)

	props, err := s.d.Props(ctx)
	check(t, "properties", len(props) > 5, props, err)
	for _, key := range []string{"ro.product.model", "ro.product.device", "ro.build.fingerprint", "ro.build.version.incremental", "ro.build.version.sdk", "ro.build.version.release", "sys.boot_completed"} {
		res, err := s.d.Shell(ctx, "getprop", key)
		one := strings.TrimSuffix(string(res.Stdout), "\n")
		check(t, "property "+key, one != "" && one == props[key], one, err)
	}
	packages, err := s.d.Packages(ctx)
	names := map[string]bool{}
	for _, p := range packages {
		check(t, "package "+p.Name, !names[p.Name] && p.UID >= 0, p, nil)
		names[p.Name] = true
	}
	check(t, "packages", names[s.App], packages, err)

	traffic, err := s.d.Traffic(ctx)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.d.Traffic(ctx)
	for uid, was := range traffic {
		now := again[uid]
		check(t, "byte counters only grow", now.RX >= was.RX && now.TX >= was.TX, []adb.Bytes{was, now}, err)
	}
	sockets, err := s.d.Sockets(ctx)
	for _, r := range sockets {
		check(t, "socket", r.Local.IsValid() && r.Remote.IsValid() && r.UID >= 0, r, nil)
	}
	check(t, "sockets", true, nil, err)

	battery, err := s.d.Battery(ctx)
	check(t, "battery", battery.Level >= 0 && battery.Level <= battery.Scale, battery, err)
	awake, err := s.d.Wakefulness(ctx)
	check(t, "wakefulness", awake == adb.Awake, awake, err)
	guard, err := s.d.Keyguard(ctx)
	check(t, "keyguard", !guard.Locked && !guard.ScreenOff, guard, err)
	accounts, err := s.d.Accounts(ctx)
	check(t, "accounts", accounts.Count >= 0 && len(accounts.Types) <= accounts.Count, accounts, err)

	first, err := s.d.ClockOffset(ctx)
	check(t, "clock", true, first, err)
	second, err := s.d.ClockOffset(ctx)
	check(t, "clock again", (second-first).Abs() <= s.Clock, []any{first, second}, err)
	boot, err := s.d.BootID(ctx)
	check(t, "boot id", boot != "", boot, err)
	same, err := s.d.BootID(ctx)
	check(t, "boot id again", same == boot, []string{boot, same}, err)
}
