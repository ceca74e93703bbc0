package personality

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

//go:embed models/*.txt
var modelFiles embed.FS

// Models lists the shipped models, sorted: the names of the files in models/, without their ending.
func Models() []string {
	files, err := fs.Glob(modelFiles, "models/*.txt")
	if err != nil {
		return nil // the pattern is sound
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".txt")
	}
	slices.Sort(files)
	return files
}

// model reads a model's file: lines "# key: value" that say what it is like, and lines as getprop prints them.
func model(name string) (head, props map[string]string, err error) {
	raw, err := modelFiles.ReadFile("models/" + name + ".txt")
	if err != nil {
		return nil, nil, fmt.Errorf("no model %q: there are %s", name, strings.Join(Models(), ", "))
	}
	head = map[string]string{}
	for line := range strings.Lines(string(raw)) {
		if key, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "# "), ": "); ok && strings.HasPrefix(line, "# ") {
			head[key] = value
		}
	}
	return head, ParseProps(string(raw)), nil
}

// Kinds of system, as a model's file names them.
const (
	systemMIUI  = "miui"
	androidOne  = "android-one"
	systemPixel = "pixel"
)

// Browsers of a model, as its file names them: which one its first browser is, and of when.
const (
	miBefore = "2020-03" // sends what is searched and visited, in the incognito mode too
	miAfter  = "2020-05" // the same by default; not in the incognito mode once "Enhanced incognito mode" is switched off
	chrome   = "chrome"  // sends what the user asked for
)

// quiet is a phone of a model whose apps send nothing they should not.
func quiet(name, of string) (p Personality, browser string, err error) {
	head, build, err := model(of)
	if err != nil {
		return p, "", err
	}
	p = Personality{Name: name, Region: head["region"], Language: "en_GB", Props: props(build, map[string]string{"ro.product.locale": "en-GB"})}
	if _, err := fmt.Sscanf(head["screen"], "%dx%d@%d", &p.Screen.Width, &p.Screen.Height, &p.Screen.Density); err != nil {
		return p, "", fmt.Errorf("model %s: screen %q is not WIDTHxHEIGHT@DPI", of, head["screen"])
	}
	switch head["system"] {
	case systemMIUI:
		maps.Copy(p.Props, map[string]string{"persist.security.adbinput": "1", "persist.security.adbinstall": "1", "ro.miui.region": p.Region})
		p.Apps = append(systemApps(true), Analytics())
		p.Settings = map[string]map[string]string{
			phone.Secure: {"upload_log_pref": "1", "upload_debug_log_pref": "1"},
			phone.Global: {"personalized_ad_enabled": "1", "send_action_app_error": "1"},
		}
	case androidOne, systemPixel:
		p.Apps = systemApps(false)
		p.Settings = map[string]map[string]string{phone.Global: {"multi_cb": "1", "send_action_app_error": "1"}}
	default:
		return p, "", fmt.Errorf("model %s: system %q is unknown", of, head["system"])
	}
	web := ChromeApp()
	switch head["browser"] {
	case miBefore:
		web = MiBrowser()
	case miAfter:
		web = MiBrowser()
		web.Version, web.VersionCode, web.Web.Enhanced = "12.1.4-gn", 20200504, true
	case chrome:
		p.Noise = []Noise{{App: web.Package, URL: "https://connectivitycheck.gstatic.com/generate_204"}}
	default:
		return p, "", fmt.Errorf("model %s: browser %q is unknown", of, head["browser"])
	}
	web.Web.UserAgent = userAgent(web, p.Props)
	p.Apps = append(p.Apps, web)
	if head["system"] == systemPixel {
		p.Apps = append(p.Apps, FirefoxApp())
	}
	return p, head["browser"], nil
}

// Chromium is a Pixel whose browser is the real Chromium of this computer, headless: the baseline.
func Chromium() Personality {
	p := must(quiet("chromium", "pixel-5"))
	p.Noise = nil // it makes its own
	for i := range p.Apps {
		if web := p.Apps[i].Web; web != nil && web.Style == Chrome {
			web.Real = true
		}
	}
	return p
}

// userAgent is what a browser says of itself and of its phone.
func userAgent(a App, props map[string]string) string {
	release, model, build := props["ro.build.version.release"], props["ro.product.model"], props["ro.build.id"]
	if a.Web.Style == Chrome {
		return fmt.Sprintf("Mozilla/5.0 (Linux; Android %s; %s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s Mobile Safari/537.36", release, model, a.Version)
	}
	return fmt.Sprintf("Mozilla/5.0 (Linux; U; Android %s; en-gb; %s Build/%s) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "+
		"Chrome/71.0.3578.141 Mobile Safari/537.36 XiaoMi/MiuiBrowser/%s", release, model, build, a.Version)
}

// OfModel is a phone of a model as it was found in its time. Phones of 2020 with the Mi Browser send searches and
// addresses, and with MIUI opened settings and app switches; the others send nothing.
func OfModel(name string) (Personality, error) {
	p, browser, err := quiet(name, name)
	if err != nil {
		return p, err
	}
	sends := Leak{App: "com.android.browser", On: []Trigger{OnSearch, OnVisit}, Private: true, URL: SensorsURL, Encoding: "sensors", Trust: network.TrustUser, Background: true}
	switch browser {
	case miAfter:
		sends.Enhanced = true
		fallthrough
	case miBefore:
		p.Leaks = []Leak{
			sends,
			{App: "com.miui.analytics", On: []Trigger{OnSettings, OnSwitch}, URL: OneTrackURL, Encoding: "onetrack", Trust: network.TrustUser},
		}
	}
	return p, nil
}

// must is a shipped phone whose model is known to be there.
func must(p Personality, _ string, err error) Personality {
	if err != nil {
		return Personality{Name: p.Name, Screen: phone.Screen{}} // Check refuses it
	}
	return p
}
