package shell

import (
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/apps"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// pmCommands are the package manager's.
var pmCommands = map[string]command{"pm": pm}

func pm(c *call) int {
	if len(c.args) == 0 {
		return c.fail(255, "Package manager (package) commands: list, path, clear, resolve-activity, install, uninstall")
	}
	rest := c.args[1:]
	switch verb := c.args[0]; verb {
	case "list":
		return c.list(rest)
	case "path":
		return c.packageDo(rest, func(p phone.Package) { c.println("package:" + p.Path) })
	case "clear":
		return c.clear(withoutUser(rest))
	case "resolve-activity":
		return c.resolve(rest)
	case "enable", "disable-user", "disable", "default-state":
		return c.packageDo(withoutUser(rest), func(p phone.Package) {
			p.Disabled = strings.HasPrefix(verb, "disable")
			c.sh.phone.Packages.Put(p)
			c.println("Package " + p.Name + " new state: " + map[bool]string{true: "disabled-user", false: "enabled"}[p.Disabled])
		})
	case "grant", "revoke":
		if !c.sh.phone.InputAllowed() {
			return c.fail(255, "\nException occurred while executing '%s':\njava.lang.SecurityException: Neither user 2000 nor current process has android.permission.GRANT_RUNTIME_PERMISSIONS.", verb)
		}
		return c.packageDo(withoutUser(rest), func(phone.Package) {})
	case "install":
		return c.install()
	case "uninstall":
		return c.uninstall(rest)
	case "install-existing":
		return c.installExisting(withoutUser(rest))
	case "get-max-users":
		c.println("Maximum supported users: 4")
		return 0
	}
	return c.fail(255, "Unknown command: %s", c.args[0])
}

func (c *call) packageDo(args []string, do func(phone.Package)) int {
	if len(args) == 0 {
		return c.fail(255, "Error: package name not specified")
	}
	p, ok := c.sh.phone.Packages.Find(args[0])
	if !ok {
		return 1
	}
	do(p)
	return 0
}

func (c *call) list(args []string) int {
	if len(args) == 0 || args[0] != "packages" && args[0] != "package" {
		if len(args) > 0 && args[0] == "users" {
			c.println("Users:\n\tUserInfo{0:Owner:13} running")
			return 0
		}
		return c.fail(255, "Error: unknown list type '%s'", strings.Join(args, " "))
	}
	var uid, code, third, system, path, disabled, enabled bool
	filter := ""
	for i := 1; i < len(args); i++ {
		switch a := args[i]; a {
		case "-U":
			uid = true
		case "--show-versioncode":
			code = true
		case "-3":
			third = true
		case "-s":
			system = true
		case "-f":
			path = true
		case "-d":
			disabled = true
		case "-e":
			enabled = true
		case "-i", "-u", "-l", "-a", "--apex-only":
		case "--user", "--uid":
			i++
		default:
			if strings.HasPrefix(a, "-") {
				return c.fail(255, "Error: Unknown option: %s", a)
			}
			filter = a
		}
	}
	for _, p := range c.sh.phone.Packages.All() {
		if third && !p.Third || system && p.Third || disabled && !p.Disabled || enabled && p.Disabled || !strings.Contains(p.Name, filter) {
			continue
		}
		line := "package:"
		if path {
			line += p.Path + "="
		}
		line += p.Name
		if code {
			line += " versionCode:" + itoa(p.VersionCode)
		}
		if uid {
			line += " uid:" + itoa(p.UID)
		}
		c.println(line)
	}
	return 0
}

func (c *call) clear(args []string) int {
	if len(args) == 0 {
		return c.fail(255, "Error: no package specified")
	}
	if !c.sh.phone.InputAllowed() {
		return c.fail(255, "\nException occurred while executing 'clear':\njava.lang.SecurityException: PID %d does not have permission android.permission.CLEAR_APP_USER_DATA to clear data of package %s", c.s.pid, args[0])
	}
	if !c.sh.apps.Clear(args[0]) {
		c.println("Failed")
		return 1
	}
	c.println("Success")
	return 0
}

func (c *call) resolve(args []string) int {
	brief := false
	var kept []string
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "--brief", "--components":
			brief = true
		case "--query-flags":
			i++
		default:
			kept = append(kept, args[i])
		}
	}
	in, _, bad := parseIntent(kept)
	if bad != "" {
		return c.fail(255, "%s", bad)
	}
	if in.Action == "" && in.Package != "" {
		in.Action = apps.ActionMain
	}
	component, ok := c.sh.apps.Resolve(in)
	switch pkg, class, _ := strings.Cut(component, "/"); {
	case !ok:
		c.println("No activity found")
	case brief:
		c.println("priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=false\n" + component)
	default:
		c.println("priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=false\n  ActivityInfo:\n    name=" +
			phone.FullActivity(pkg, class) + "\n    packageName=" + pkg)
	}
	return 0
}

// install is refused: a virtual phone cannot run an APK. On MIUI it says what MIUI says while its switch is off.
func (c *call) install() int {
	if c.sh.phone.MIUI() && c.sh.phone.Props.Get("persist.security.adbinstall") != "1" {
		return c.fail(1, "Failure [INSTALL_FAILED_USER_RESTRICTED: Install canceled by user]")
	}
	return c.fail(1, "Failure [INSTALL_FAILED_INVALID_APK: a virtual phone runs no APK]")
}

// installExisting gives the user a package of the system back.
func (c *call) installExisting(args []string) int {
	if len(args) == 0 {
		return c.fail(255, "Error: package name not specified")
	}
	if !c.sh.phone.Packages.InstallExisting(args[0]) {
		return c.fail(1, "android.content.pm.PackageManager$NameNotFoundException: Package %s doesn't exist", args[0])
	}
	c.println("Package " + args[0] + " installed for user: 0")
	return 0
}

// uninstall removes an app of the user's, or one of the system for its user alone.
func (c *call) uninstall(args []string) int {
	forUser := len(args) > 0 && args[0] == "--user"
	args = withoutUser(args)
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		args = args[1:]
	}
	if len(args) == 0 {
		return c.fail(255, "Error: package name not specified")
	}
	p, ok := c.sh.phone.Packages.Find(args[0])
	if !ok || !p.Third && !forUser {
		c.println("Failure [DELETE_FAILED_INTERNAL_ERROR]")
		return 1
	}
	c.sh.apps.Uninstall(p.Name)
	c.println("Success")
	return 0
}
