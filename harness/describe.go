package harness

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile"
)

// preconditions stops a phone that is not the one that devices.yaml means, or that cannot be driven.
func (l *Lease) preconditions(ctx context.Context) error {
	props, err := l.device.Props(ctx)
	if err != nil {
		return err
	}
	if err := identify(l.profile, props); err != nil {
		return err
	}
	if l.xiaomi = xiaomi(props); l.xiaomi {
		return l.inputAllowed(ctx, props["persist.security.adbinput"])
	}
	return nil
}

// identify holds what a phone says of itself against its block in devices.yaml.
func identify(p *profile.Phone, props adb.Props) error {
	virtual := props["ro.telltale.virtual"]
	switch {
	case p.Kind == profile.USB && virtual != "":
		return fmt.Errorf("it is a virtual phone (%s), and devices.yaml says `kind: usb`: its run would pass for evidence; say `kind: virtual`", virtual)
	case p.Kind == profile.Virtual && virtual == "":
		return fmt.Errorf("it is a real phone, and devices.yaml says `kind: virtual`; say `kind: usb`")
	}
	for _, key := range slices.Sorted(mapKeys(p.Expect)) {
		if got, want := props[key], p.Expect[key]; !strings.EqualFold(got, want) {
			return fmt.Errorf("%s is %q, and devices.yaml expects %q: another phone hangs on this serial, or its firmware changed", key, got, want)
		}
	}
	return nil
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// describe writes what the phone says of itself at the start, and its identifiers.
func (l *Lease) describe(ctx context.Context) error {
	line, err := l.portrait(ctx, "start")
	if err != nil {
		return err
	}
	line.Binaries = l.binaries(ctx)
	l.apps = map[int][]string{}
	for _, a := range line.Apps {
		l.apps[a.UID] = append(l.apps[a.UID], a.Package)
	}
	if err := l.dir.AppendPhone(line); err != nil {
		return err
	}
	return l.identifiers(ctx)
}

// farewell writes what it says at the end: a verdict holds only for the firmware and the apps that were there throughout.
func (l *Lease) farewell(ctx context.Context) error {
	line, err := l.portrait(ctx, "end")
	if err != nil {
		return fmt.Errorf("describing %s at the end: %w", l.profile.ID, err)
	}
	return l.dir.AppendPhone(line)
}

func (l *Lease) portrait(ctx context.Context, at string) (leak.Phone, error) {
	props, err := l.device.Props(ctx)
	if err != nil {
		return leak.Phone{}, err
	}
	packages, err := l.device.Packages(ctx)
	if err != nil {
		return leak.Phone{}, err
	}
	offset, err := l.device.ClockOffset(ctx)
	if err != nil {
		return leak.Phone{}, err
	}
	boot, err := l.device.BootID(ctx)
	if err != nil {
		return leak.Phone{}, err
	}
	l.offset = offset
	accounts, conditions, err := l.conditions(ctx, xiaomi(props))
	if err != nil {
		return leak.Phone{}, err
	}
	sdk, _ := strconv.Atoi(props["ro.build.version.sdk"])
	p := leak.Phone{
		Schema: leak.Schema, At: at, ID: l.profile.ID, Kind: l.profile.Kind, Personality: props["ro.telltale.virtual"],
		Model: props["ro.product.model"], Device: props["ro.product.device"], Brand: props["ro.product.brand"],
		Fingerprint: props["ro.build.fingerprint"], Firmware: props["ro.build.version.incremental"],
		Android: props["ro.build.version.release"], SDK: sdk, PatchLevel: props["ro.build.version.security_patch"],
		MIUI:   cmp.Or(props["ro.mi.os.version.incremental"], props["ro.miui.ui.version.name"]),
		Region: cmp.Or(props["ro.miui.build.region"], props["ro.miui.region"]),
		Apps:   []leak.App{}, Accounts: accounts, Conditions: conditions, ClockUS: offset.Microseconds(), BootID: boot,
	}
	for _, a := range packages {
		p.Apps = append(p.Apps, leak.App{Package: a.Name, Version: a.Version, Code: a.Code, UID: a.UID})
	}
	slices.SortFunc(p.Apps, func(a, b leak.App) int { return cmp.Compare(a.Package, b.Package) })
	return p, nil
}

// identifiers writes the phone's own values down, to be searched for. What cannot be read is not searched for; the
// identity claim says which were.
func (l *Lease) identifiers(ctx context.Context) error {
	props, err := l.device.Props(ctx)
	if err != nil {
		return err
	}
	android, err := l.device.Setting(ctx, adb.Setting{Namespace: "secure", Key: "android_id"})
	if err != nil {
		return err
	}
	for _, id := range []struct{ name, label, value string }{
		{"android_id", "android_id as adb sees it", android.Value},
		{"serial", "serial number", props["ro.serialno"]},
	} {
		if len(id.value) < leak.MinNeedle {
			continue
		}
		s := leak.Secret{Schema: leak.Schema, ID: id.name, Role: leak.SecretIdentifier, Kind: leak.ValueID, Label: id.label, Value: id.value, Key: leak.Key{Phone: l.profile.ID}}
		if err := l.dir.AppendSecret(s); err != nil {
			return err
		}
	}
	return nil
}
