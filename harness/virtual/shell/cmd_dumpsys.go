package shell

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// dumpsysCommands show what services know.
var dumpsysCommands = map[string]command{"dumpsys": dumpsys}

var dumps = map[string]func(c *call, args []string) int{
	"window": dumpWindow, "activity": dumpActivity, "netstats": dumpNetstats, "package": dumpPackage, "battery": dumpBattery,
	"power": dumpPower, "thermalservice": dumpThermal, "account": dumpAccount, "connectivity": dumpConnectivity,
	"media_session": dumpMedia, "trust": dumpTrust, "deviceidle": func(c *call, _ []string) int { c.println("  mState=ACTIVE"); return 0 },
}

func dumpsys(c *call) int {
	args := c.args
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if args[0] == "-l" {
			c.println("Currently running services:")
			for _, name := range slices.Sorted(maps.Keys(dumps)) {
				c.println("  " + name)
			}
			return 0
		}
		if args[0] == "-t" && len(args) > 1 {
			args = args[1:]
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return c.fail(1, "dumpsys: name a service: this phone lists them with -l")
	}
	f := dumps[args[0]]
	if f == nil || args[0] == "thermalservice" && c.sh.phone.SDK() < 29 {
		return c.fail(0, "Can't find service: %s", args[0])
	}
	return f(c, args[1:])
}

// hash is the number that Android shows for an object: stable for a name, for as long as the phone runs.
func (c *call) hash(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.sh.phone.BootID() + name))
	return fmt.Sprintf("%x", h.Sum32()&0xfffffff)
}

func (c *call) record(pkg, class string, task int) string {
	return fmt.Sprintf("ActivityRecord{%s u0 %s/%s t%d}", c.hash("record "+pkg+class), pkg, phone.ShortActivity(pkg, class), task)
}

func dumpWindow(c *call, args []string) int {
	what := ""
	if len(args) > 0 {
		what = args[0]
	}
	modern := c.sh.phone.SDK() >= 29
	frame := c.sh.apps.Frame()
	if what == "" || what == "policy" || what == "p" {
		c.policy()
	}
	if what == "" || what == "windows" || what == "w" {
		c.println("WINDOW MANAGER WINDOWS (dumpsys window windows)")
		for i := len(frame.Windows) - 1; i >= 0; i-- {
			w := frame.Windows[i]
			c.printf("  Window #%d Window{%s u0 %s}:\n    mDisplayId=0 package=%s\n", i, c.hash(w.Title), w.Title, w.Package)
			if w.Secure {
				c.println("    fl=SECURE")
			}
		}
	}
	if what == "displays" || what == "d" || what == "" && modern {
		sc := c.sh.phone.Screen
		c.printf("WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)\n  Display: mDisplayId=0\n    init=%dx%d %ddpi cur=%dx%d app=%dx%d\n",
			sc.Width, sc.Height, sc.Density, sc.Width, sc.Height, sc.Width, sc.Height)
	}
	if what == "" || modern == (what == "displays" || what == "d") && (what != "policy" && what != "p") {
		c.focus()
	}
	return 0
}

// focus prints who has the focus: the window in front, and the app that would have it without windows of the system.
func (c *call) focus() {
	if w := c.sh.apps.Frame().Focus(); w != nil {
		c.printf("  mCurrentFocus=Window{%s u0 %s}\n", c.hash(w.Title), w.Title)
	} else {
		c.println("  mCurrentFocus=null")
	}
	fronts := c.sh.apps.Fronts()
	if len(fronts) == 0 {
		c.println("  mFocusedApp=null")
		return
	}
	record := c.record(fronts[0].Package, fronts[0].Class, fronts[0].Task)
	if c.sh.phone.SDK() < 29 {
		record = fmt.Sprintf("AppWindowToken{%s token=Token{%s %s}}", c.hash("app "+record), c.hash("token "+record), record)
	}
	c.println("  mFocusedApp=" + record)
}

func (c *call) policy() {
	p := c.sh.phone.Power
	locked, awake := p.Locked(), p.Awake()
	state, interactive := "SCREEN_STATE_ON", "INTERACTIVE_STATE_AWAKE"
	if !awake {
		state, interactive = "SCREEN_STATE_OFF", "INTERACTIVE_STATE_SLEEP"
	}
	c.println("WINDOW MANAGER POLICY STATE (dumpsys window policy)")
	if c.sh.phone.SDK() <= 28 {
		c.printf("    mShowingLockscreen=%v mShowingDream=false mDreamingLockscreen=false mDreamingSleepToken=null\n", locked)
	}
	c.printf(`    KeyguardServiceDelegate
      showing=%v
      showingAndNotOccluded=%v
      inputRestricted=%v
      occluded=false
      secure=%v
      dreaming=false
      systemIsReady=true
      deviceHasKeyguard=true
      enabled=true
      offReason=OFF_BECAUSE_OF_USER
      currentUser=-10000
      bootCompleted=true
      screenState=%s
      interactiveState=%s
      KeyguardStateMonitor
        mIsShowing=%v
        mSimSecure=false
        mInputRestricted=%v
        mTrusted=false
        mCurrentUserId=0
`, locked, locked, locked, p.Secure(), state, interactive, locked, locked)
}

func dumpActivity(c *call, args []string) int {
	what := "activities"
	if len(args) > 0 {
		what = args[0]
	}
	fronts := c.sh.apps.Fronts()
	switch what {
	case "activities", "a":
		c.println("ACTIVITY MANAGER ACTIVITIES (dumpsys activity activities)\nDisplay #0 (activities from top to bottom):")
		for _, f := range fronts {
			c.printf("  * Task{%s #%d A=%s U=0}\n    * Hist #0: %s\n", c.hash(fmt.Sprint("task", f.Task)), f.Task, f.Package, c.record(f.Package, f.Class, f.Task))
		}
		if len(fronts) > 0 {
			record := c.record(fronts[0].Package, fronts[0].Class, fronts[0].Task)
			if c.sh.phone.SDK() >= 29 {
				c.println("  topResumedActivity=" + record + "\n  ResumedActivity: " + record)
			} else {
				c.println("  mResumedActivity: " + record + "\n  mFocusedActivity: " + record)
			}
		}
	case "top", "recents", "processes", "services", "p", "r", "s":
		for _, f := range fronts {
			p, _ := c.sh.phone.Packages.Find(f.Package)
			c.printf("TASK %s id=%d userId=0\n  ACTIVITY %s/%s %s pid=%s\n", f.Package, f.Task, f.Package, phone.ShortActivity(f.Package, f.Class), c.hash(f.Class), c.pid(p.Name))
		}
	default:
		return c.fail(0, "Bad activity command, or no activities match: %s", what)
	}
	return 0
}

func (c *call) pid(name string) string {
	for _, p := range c.sh.phone.Processes.Named(name) {
		return itoa(p.PID)
	}
	return "(not running)"
}

// dumpNetstats shows the byte counters, in the form of the phone's Android version.
func dumpNetstats(c *call, args []string) int {
	has := func(words ...string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return slices.Contains(words, a) })
	}
	if has("--poll", "poll") {
		c.printf("%s", c.sh.net.Poll())
		return 0
	}
	sdk := c.sh.phone.SDK()
	if sdk < 33 && !has("--uid", "--full", "detail") {
		c.println("Active interfaces:\n  iface=wlan0\nDev stats:\n  (omitting, use --full)")
		return 0
	}
	c.printf("%s", c.sh.net.Netstats(network.FormatFor(sdk)))
	return 0
}

func dumpConnectivity(c *call, args []string) int {
	if len(args) > 0 && args[0] == "trafficcontroller" {
		c.printf("%s", c.sh.net.Netstats(network.FormatTraffic))
		return 0
	}
	state := "CONNECTED"
	wifi, _ := c.sh.phone.Settings.Get(phone.Global, "wifi_on")
	if c.sh.phone.Airplane() || wifi == "0" {
		c.println("Active default network: none")
		return 0
	}
	host, port, ok := c.sh.phone.Proxy.Effective()
	proxy := "none"
	if ok {
		proxy = fmt.Sprintf("[%s] %d", host, port)
	}
	validated := "VALIDATED"
	if c.sh.phone.Faults.Get().CaptivePortal {
		validated = "CAPTIVE_PORTAL"
	}
	c.printf("Active default network: 100\nCurrent Networks:\n  NetworkAgentInfo [WIFI () - 100] state: %s/%s, Capabilities: NOT_METERED&INTERNET&%s\nGlobal proxy: %s\n", state, state, validated, proxy)
	return 0
}

func dumpPackage(c *call, args []string) int {
	if len(args) == 0 {
		return c.fail(0, "Packages: name one")
	}
	if args[0] == "packages" {
		c.printf("Packages:\n")
		for _, p := range c.sh.phone.Packages.All() {
			c.dumpOnePackage(p)
		}
		return 0
	}
	p, ok := c.sh.phone.Packages.Find(args[0])
	if !ok {
		return c.fail(0, "Unable to find package: %s", args[0])
	}
	c.printf("Packages:\n")
	c.dumpOnePackage(p)
	return 0
}

func (c *call) dumpOnePackage(p phone.Package) {
	flags := "[ SYSTEM HAS_CODE ALLOW_CLEAR_USER_DATA ]"
	if p.Third {
		flags = "[ HAS_CODE ALLOW_CLEAR_USER_DATA ]"
	}
	c.printf(`  Package [%s] (%s):
    userId=%d
    pkg=Package{%s %s}
    codePath=%s
    primaryCpuAbi=arm64-v8a
    versionCode=%d minSdk=21 targetSdk=%d
    versionName=%s
    flags=%s
    timeStamp=%s
    firstInstallTime=%s
    lastUpdateTime=%s
    User 0: ceDataInode=1 installed=true hidden=false suspended=false stopped=false notLaunched=false enabled=%d
`, p.Name, c.hash(p.Name), p.UID, c.hash("pkg"+p.Name), p.Name, strings.TrimSuffix(p.Path, "/base.apk"), p.VersionCode, p.TargetSDK, p.VersionName, flags,
		p.Installed, p.Installed, p.Installed, map[bool]int{true: 3, false: 0}[p.Disabled])
}
