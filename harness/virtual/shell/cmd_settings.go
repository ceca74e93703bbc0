package shell

import "strconv"

// settingsCommands are the settings provider's shell. Errors and exit codes are those of Android 8 and newer.
var settingsCommands = map[string]command{"settings": settings}

// deniedWrite is what the provider says to a shell that may not write (MIUI without the security switch).
const deniedWrite = `
Exception occurred while executing '%s':
java.lang.SecurityException: Permission denial: writing to settings requires:android.permission.WRITE_SECURE_SETTINGS
	at com.android.providers.settings.SettingsProvider.enforceWritePermission(SettingsProvider.java:2019)
	at com.android.providers.settings.SettingsProvider.mutateGlobalSetting(SettingsProvider.java:1036)
	at com.android.providers.settings.SettingsProvider.call(SettingsProvider.java:394)
	at android.content.ContentProvider.call(ContentProvider.java:2152)`

func settings(c *call) int {
	args := c.args
	if len(args) > 1 && args[0] == "--user" {
		args = args[min(2, len(args)):]
	}
	if len(args) == 0 {
		return c.fail(255, "Settings provider (settings) commands:\n  get, put, delete, reset, list NAMESPACE [KEY [VALUE]]")
	}
	verb, args := args[0], args[1:]
	if len(args) > 1 && args[0] == "--user" {
		args = args[2:]
	}
	want := map[string]int{"get": 2, "put": 3, "delete": 2, "list": 1, "reset": 2}[verb]
	switch {
	case want == 0:
		return c.fail(255, "Unknown command: %s", verb)
	case len(args) < want:
		return c.fail(255, "Bad arguments")
	case !c.sh.phone.Settings.Namespace(args[0]):
		return c.fail(255, "Invalid namespace '%s'", args[0])
	case verb != "get" && verb != "list" && !c.sh.phone.InputAllowed():
		return c.fail(255, deniedWrite, verb)
	}
	store := c.sh.phone.Settings
	switch verb {
	case "get":
		value, ok := store.Get(args[0], args[1])
		if !ok {
			value = "null"
		}
		c.println(value)
	case "put":
		if !store.Put(args[0], args[1], args[2]) {
			return c.fail(255, "\nException occurred while executing 'put':\njava.lang.IllegalArgumentException: setting refused")
		}
	case "delete":
		c.println("Deleted " + strconv.Itoa(store.Delete(args[0], args[1])) + " rows")
	case "list":
		for _, p := range store.List(args[0]) {
			c.println(p.Name + "=" + p.Value)
		}
	}
	return 0
}
