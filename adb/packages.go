package adb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Package is an installed app.
type Package struct {
	Name    string
	UID     int    // of the phone's first user; packages may share one
	Code    string // versionCode; empty on Android 7 and older
	Version string // versionName; empty if the phone did not tell
}

// Packages lists the installed apps with their uids and versions.
func (d *Device) Packages(ctx context.Context) ([]Package, error) {
	const op = "listing packages"
	var exit *ExitError
	res, err := d.Shell(ctx, "cmd", "package", "list", "packages", "-U", "--show-versioncode")
	if errors.As(err, &exit) {
		res, err = d.Shell(ctx, "pm", "list", "packages", "-U") // without the option: Android 8
	}
	if err != nil {
		return nil, err
	}
	list, err := ParsePackages(res.Stdout)
	if err != nil {
		return nil, newFault(Malformed, d.serial, op, err)
	}
	// The whole dump is megabytes: filtered on the phone. grep without a match ends with 1.
	res, err = d.Script(ctx, `dumpsys package packages | grep -E '^  Package \[|^    versionName='`)
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	versions := ParseVersions(res.Stdout)
	for i, p := range list {
		list[i].Version = versions[p.Name]
	}
	return list, nil
}

const maxPackages = 10_000

// ParsePackages reads lines such as `package:com.miui.analytics versionCode:2021 uid:10152`. With several users of the
// phone the uids are joined by commas (`uid:10152,1010152`); the first is kept.
func ParsePackages(text []byte) ([]Package, error) {
	var out []Package
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		rest, ok := strings.CutPrefix(line, "package:")
		fields := strings.Fields(rest)
		if !ok || len(fields) == 0 {
			return nil, fmt.Errorf("line %q", clip(line))
		}
		if len(out) == maxPackages {
			return nil, fmt.Errorf("more than %d packages", maxPackages)
		}
		p := Package{Name: fields[0], UID: -1}
		for _, f := range fields[1:] {
			if v, ok := strings.CutPrefix(f, "versionCode:"); ok {
				p.Code = v
			}
			if v, ok := strings.CutPrefix(f, "uid:"); ok {
				v, _, _ = strings.Cut(v, ",")
				n, err := strconv.ParseUint(v, 10, 31)
				if err != nil {
					return nil, fmt.Errorf("line %q", clip(line))
				}
				p.UID = int(n)
			}
		}
		if p.UID < 0 {
			return nil, fmt.Errorf("no uid in line %q", clip(line))
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no package")
	}
	return out, nil
}

// ParseVersions finds the versionName of each package in `dumpsys package packages`. Of an updated system app the first
// counts: the version that the firmware came with is listed behind, among the hidden packages.
func ParseVersions(text []byte) map[string]string {
	out := map[string]string{}
	name := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "Package ["); ok {
			name, _, _ = strings.Cut(rest, "]")
			continue
		}
		if v, ok := strings.CutPrefix(line, "versionName="); ok && name != "" {
			if _, known := out[name]; !known && len(out) < maxPackages {
				out[name] = v
			}
			name = ""
		}
	}
	return out
}
