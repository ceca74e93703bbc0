package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// printBlock prints the devices.yaml block of a phone, from what it says of itself. Browsers are those of its apps that
// the catalogue knows how to drive; the lines that define them come first, as comments, for they stand elsewhere.
func printBlock(ctx context.Context, c *console, phone *adb.Device) error {
	props, err := phone.Props(ctx)
	if err != nil {
		return fmt.Errorf("%w; look what `telltale devices` says of it", err)
	}
	packages, err := phone.Packages(ctx)
	if err != nil {
		return err
	}
	installed := make([]string, 0, len(packages))
	for _, p := range packages {
		installed = append(installed, p.Name)
	}
	if props["ro.telltale.virtual"] != "" {
		return fmt.Errorf("%s is a virtual phone; `telltale virtual` prints its block", phone.Serial())
	}
	_, err = fmt.Fprint(c.Out, usbBlock(phone.Serial(), props, installed))
	return err
}

// usbBlock is the text that printBlock prints.
func usbBlock(serial string, props map[string]string, installed []string) string {
	var b strings.Builder
	model := orElse(props["ro.product.model"], props["ro.product.device"])
	ids := []string{}
	for _, e := range catalogue.All("") {
		if e.Browser != nil && slices.Contains(installed, e.Package) {
			if len(ids) == 0 {
				b.WriteString("# These stand under browsers: at the top of the file, if they do not yet:\n")
			}
			id := browserID(e.Package)
			ids = append(ids, id)
			fmt.Fprintf(&b, "#   %s: {app: %s, search: duckduckgo%s}\n", id, e.Package, baseline(e.Package))
		}
	}
	fmt.Fprintf(&b, "  - id: %s\n", quoteYAML(phoneID(model, serial)))
	fmt.Fprintf(&b, "    kind: %s\n", profile.USB)
	fmt.Fprintf(&b, "    serial: %s\n", quoteYAML(serial))
	if device := props["ro.product.device"]; device != "" {
		fmt.Fprintf(&b, "    expect: {ro.product.device: %s}\n", quoteYAML(device))
	}
	b.WriteString("    allow: [] # add force-stop, app-data-reset, reboot or reinstall if this phone may suffer it\n")
	fmt.Fprintf(&b, "    browsers: [%s]\n", strings.Join(ids, ", "))
	return b.String()
}

// baseline is what a browser's line says of those that the phone makers' own were compared with in 2020.
func baseline(pkg string) string {
	switch pkg {
	case "com.android.chrome", "com.brave.browser", "org.mozilla.firefox", "com.duckduckgo.mobile.android":
		return ", baseline: true"
	}
	return ""
}

// browserID is the id that the examples give a browser.
func browserID(pkg string) string {
	known := map[string]string{
		"com.android.browser": "mi", "com.mi.globalbrowser": "mi-global", "com.mi.globalbrowser.mini": "mint",
		"com.android.chrome": "chrome", "com.brave.browser": "brave", "org.mozilla.firefox": "firefox", "com.duckduckgo.mobile.android": "duckduckgo",
	}
	return orElse(known[pkg], phoneID(pkg, "browser"))
}

// phoneID makes an id out of the name of a model: lower-case letters, digits and hyphens.
func phoneID(model, otherwise string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(model) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	if id := strings.Trim(b.String(), "-"); id != "" {
		return id
	}
	if model == otherwise {
		return "phone"
	}
	return phoneID(otherwise, otherwise)
}

// quoteYAML writes a word so that YAML reads it back as that word, whatever a phone put in it.
func quoteYAML(s string) string {
	plain := s != ""
	letter := false
	for _, r := range s {
		letter = letter || (r >= 'a' && r <= 'z' && r != 'e' && r != 'x' && r != 'o') || (r >= 'A' && r <= 'Z' && r != 'E')
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' && letter || r == '.' && letter)
	}
	word := strings.ToLower(s)
	if plain && letter && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}, word) {
		return s
	}
	return strconv.QuoteToASCII(s)
}
