package harness

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// paper answers commands as a phone does that is ready for a run, and is one with nothing but its block in devices.yaml
// to go by. It serves to walk through a procedure, never to test one: it agrees to everything.
type paper struct {
	phone    *profile.Phone
	settings map[string]string // namespace and key -> value
	tunnels  [][2]string
	front    string
	guard    string // token of the dead man that runs
	looks    int
	switched bool // of an app's own switch: a tap on it turns it over
}

func newPaper(o Options) *paper {
	return &paper{phone: o.Profile, settings: map[string]string{"global ota_disable_automatic_update": "1", "secure android_id": "0123456789abcdef"}}
}

func (p *paper) answer(c adb.Command) []byte {
	if c.Kind == "reverse" {
		return p.reverse(c.Argv[0])
	}
	line := strings.Join(c.Argv, " ")
	switch {
	case c.Argv[0] == "settings":
		return []byte(p.setting(c.Argv[1:]))
	case c.Argv[0] == "screencap":
		return p.picture()
	case strings.HasPrefix(line, "if setsid true"):
		_, args, _ := strings.Cut(line, deadManFile+".sh ")
		p.guard, _, _ = strings.Cut(args, " ")
	case strings.HasPrefix(line, "cat "+deadManFile+".seen") && p.guard != "":
		return []byte(p.guard + " 0\nalive\n")
	case strings.Contains(line, "uiautomator dump"):
		return p.tree()
	case strings.HasPrefix(line, "am start"):
		p.front = catalogue.SettingsPackage
		if last := c.Argv[len(c.Argv)-1]; strings.Contains(last, ".") && !strings.HasPrefix(last, "android.") {
			p.front, _, _ = strings.Cut(last, "/")
		}
		return []byte("Starting: Intent { }\nStatus: ok\nActivity: " + p.front + "/.Main\nComplete\n")
	case strings.Contains(line, caScratch) && strings.Contains(line, "echo installed"):
		return []byte("installed\n")
	case line == fmt.Sprintf("input keyevent %d", adb.KeyHome):
		p.front = "com.miui.home"
	case line == fmt.Sprintf("input tap %d %d", paperSwitch, paperSwitch):
		p.switched = !p.switched
	case line == "dumpsys window displays":
		return fmt.Appendf(nil, "  mCurrentFocus=Window{1 u0 %[1]s/%[1]s.Main}\n  mFocusedApp=ActivityRecord{1 u0 %[1]s/.Main t1}\n", p.front)
	}
	for _, canned := range p.canned() {
		if strings.HasPrefix(line, canned[0]) {
			return []byte(canned[1])
		}
	}
	return nil
}

// canned is what does not change.
func (p *paper) canned() [][2]string {
	props := map[string]string{
		"ro.product.model": "Redmi Note 8", "ro.product.device": "ginkgo", "ro.build.version.sdk": "28", "ro.build.version.release": "9",
		"ro.build.fingerprint":    "xiaomi/ginkgo/ginkgo:9/PKQ1.190616.001/V11.0.8.0.PCOMIXM:user/release-keys",
		"ro.miui.ui.version.name": "V11", "persist.security.adbinput": "1", "ro.telltale.virtual": p.phone.Personality,
	}
	for k, v := range p.phone.Expect {
		props[k] = v
	}
	var getprop, packages strings.Builder
	for _, k := range slices.Sorted(mapKeys(props)) {
		fmt.Fprintf(&getprop, "[%s]: [%s]\n", k, props[k])
	}
	for i, b := range p.phone.Browsers {
		fmt.Fprintf(&packages, "package:%s versionCode:1 uid:%d\n", b.App, 10100+i)
	}
	fmt.Fprintf(&packages, "package:%s versionCode:1 uid:1000\n", catalogue.SettingsPackage)
	const table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	return [][2]string{
		{"getprop persist.security.adbinput", "1\n"},
		{"getprop", getprop.String()},
		{"cmd package list packages", packages.String()},
		{"cmd package resolve-activity", p.front + "/.Main\n"},
		{"date", fmt.Sprintf("%d.%09d\n", time.Now().Unix(), time.Now().Nanosecond())},
		{"cat /proc/sys/kernel/random/boot_id", "00000000-0000-4000-8000-000000000000\n"},
		{"dumpsys account", "  Accounts: 0\n"},
		{"id", "uid=0(root) gid=0(root)\n"}, // asked for only where devices.yaml says that the phone is rooted
		{"dumpsys battery", "  USB powered: true\n  status: 2\n  level: 82\n  scale: 100\n  temperature: 295\n"},
		{"dumpsys thermalservice", "Thermal Status: 0\n"},
		{"dumpsys power", "  mWakefulness=Awake\n"},
		{"dumpsys window policy", "  secure=false\n  mIsShowing=false\n  mInputRestricted=false\n"},
		{"dumpsys netstats", "mAppUidStatsMap:\nuid rxBytes rxPackets txBytes txPackets\n1000 1 1 1 1\n"},
		{"df", "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/block/dm-3 53402624 9000000 44402624 17% /data\n"},
		{"wm size", "Physical size: 1080x2340\n"},
		{"for p in", "== tcp\n" + table + "== tcp6\n" + table + "== udp\n" + table + "== udp6\n" + table},
	}
}

func (p *paper) setting(args []string) string {
	key := args[1] + " " + args[2]
	switch args[0] {
	case "put":
		p.settings[key] = args[3]
		return ""
	case "delete":
		delete(p.settings, key)
		return "Deleted 1 rows\n"
	}
	if v, ok := p.settings[key]; ok {
		return v + "\n"
	}
	return "null\n"
}

func (p *paper) reverse(request string) []byte {
	if strings.HasPrefix(request, "forward:") {
		device, host := hostPort(request)
		p.tunnels = append(p.tunnels, [2]string{device, host})
		return nil
	}
	if strings.HasPrefix(request, "killforward:") {
		p.tunnels = nil
		return nil
	}
	var list strings.Builder
	for _, t := range p.tunnels {
		fmt.Fprintf(&list, "host %s %s\n", t[0], t[1])
	}
	return []byte(list.String())
}

// tree shows whatever anybody looks for, and never twice the same: on paper every tap opens another page.
func (p *paper) tree() []byte {
	p.looks++
	words := []string{"CA certificate installed", fmt.Sprintf("look %d", p.looks)}
	for _, id := range harmless {
		page, _ := catalogue.FindSurface(id)
		words = append(words, page.Titles[0])
	}
	if p.phone.Kind == profile.Virtual { // a real phone's certificate is its owner's to install
		for _, s := range installSteps {
			words = append(words, s.texts[0])
		}
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0"?><hierarchy rotation="0">`)
	for _, browser := range p.phone.Browsers {
		entry, _ := p.phone.App(browser.App)
		if entry.Browser == nil {
			continue
		}
		for _, s := range slices.Concat(entry.Browser.Private.Steps, entry.Browser.Private.Marker, entry.Browser.Private.Leave, wayOf(entry.OwnStore)) {
			fmt.Fprintf(&b, `<node resource-id="%s" text="%s" content-desc="%s" package="%s" enabled="true" bounds="[0,0][1080,100]"/>`,
				s.ID, firstOf(s.Texts), firstOf(s.Descs), browser.App)
		}
	}
	for _, browser := range p.phone.Browsers {
		if entry, _ := p.phone.App(browser.App); entry.OwnStore != nil {
			s := entry.OwnStore.Switch.At[0]
			fmt.Fprintf(&b, `<node text="%s" package="%s" checkable="true" checked="%t" enabled="true" bounds="[%d,%d][%d,%d]"/>`,
				firstOf(s.Texts), browser.App, p.switched, paperSwitch-1, paperSwitch-1, paperSwitch+1, paperSwitch+1)
		}
	}
	for i, w := range words {
		fmt.Fprintf(&b, `<node text="%s" class="android.widget.TextView" package="%s" enabled="true" bounds="[0,%d][1080,%d]"/>`, w, catalogue.SettingsPackage, 100*i+100, 100*i+200)
	}
	b.WriteString("</hierarchy>")
	return b.Bytes()
}

// paperSwitch is the place of the switch of an app, from the left and from the top.
const paperSwitch = 7

// wayOf lists what the way to an app's switch passes.
func wayOf(way *catalogue.OwnStore) (all []catalogue.Selector) {
	if way == nil {
		return nil
	}
	for _, leg := range slices.Concat(way.Reveal, way.Page) {
		all = append(all, leg.At[0])
	}
	return all
}

func firstOf(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

func (p *paper) picture() []byte {
	picture := image.NewGray(image.Rect(0, 0, 32, 32))
	picture.Set(16, 16, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return nil
	}
	return b.Bytes()
}
