package virtual

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/apk"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// factory is how a phone of a personality leaves the factory, after somebody has set it up for the farm.
func factory(o Options) phone.Options {
	id := phone.NewIdentity(o.Seed)
	props := maps.Clone(o.Personality.Props)
	if props == nil {
		props = map[string]string{}
	}
	props[PropVirtual] = o.Personality.Name
	props["ro.serialno"], props["ro.boot.serialno"] = id.Serial, id.Serial
	settings := map[string]map[string]string{
		phone.Global: {
			"adb_enabled": "1", "airplane_mode_on": "0", "animator_duration_scale": "1.0", "transition_animation_scale": "1.0",
			"window_animation_scale": "1.0", "auto_time": "1", "bluetooth_on": "0", "device_provisioned": "1", "mobile_data": "1",
			"ota_disable_automatic_update": "1", "stay_on_while_plugged_in": "0", "wifi_on": "1",
		},
		phone.Secure: {
			"android_id": id.AndroidID, "default_input_method": "com.android.inputmethod.latin/.LatinIME", "location_mode": "3",
			"user_setup_complete": "1", "bluetooth_address": id.WifiMAC,
		},
		phone.System: {"accelerometer_rotation": "0", "screen_brightness": "102", "screen_off_timeout": "1800000"},
	}
	for ns, table := range o.Personality.Settings {
		if settings[ns] != nil {
			maps.Copy(settings[ns], table)
		}
	}
	return phone.Options{Identity: id, Props: props, Settings: settings, Packages: packages(o.Personality),
		Screen: o.Personality.Screen, Account: o.Personality.Account, Now: o.Now}
}

func packages(p personality.Personality) []phone.Package {
	var out []phone.Package
	for _, a := range p.Apps {
		dir := "/system/app/"
		if a.Third {
			dir = "/data/app/"
		}
		name := a.Package[strings.LastIndexByte(a.Package, '.')+1:]
		out = append(out, phone.Package{
			Name: a.Package, UID: a.UID, VersionName: a.Version, VersionCode: a.VersionCode, TargetSDK: a.TargetSDK,
			Launcher: a.Activity, Label: a.Label, Third: a.Third, Path: fmt.Sprintf("%s%s/base.apk", dir, name), Installed: "2020-03-18 16:54:42",
		})
	}
	return out
}

// install puts the files of the browsers where the package manager says they are.
func install(files *phone.Files, p personality.Personality, installed []phone.Package) error {
	for i, a := range p.Apps {
		if a.Kind != personality.Web {
			continue
		}
		data, err := apk.Build(apk.Options{Package: a.Package, Version: a.Version, Signer: a.Signer, Classes: a.Classes})
		if err != nil {
			return fmt.Errorf("making the package of %s: %w", a.Package, err)
		}
		files.Install(installed[i].Path, data, 0o644)
	}
	return nil
}

// radio is the internet through the phone's Wi-Fi: it is not there in airplane mode.
type radio struct {
	internet network.Dialer
	state    *phone.Phone
}

var errUnreachable = errors.New("network is unreachable")

func (r radio) off() bool {
	wifi, _ := r.state.Settings.Get(phone.Global, "wifi_on")
	return r.internet == nil || r.state.Airplane() || wifi == "0"
}

func (r radio) Resolve(host string) (netip.Addr, bool) {
	if r.off() {
		return netip.Addr{}, false
	}
	return r.internet.Resolve(host)
}

func (r radio) Dial(ctx context.Context, proto, host string, port int) (net.Conn, error) {
	if r.off() {
		return nil, errUnreachable
	}
	return r.internet.Dial(ctx, proto, host, port)
}
