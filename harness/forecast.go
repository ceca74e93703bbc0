package harness

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// Forecast says, before a phone is touched, whose traffic will stay unread on it and what would change that: per app, a
// line. It rests on what the catalogue knows of whose certificates an app believes; the run itself finds out by a canary
// in each browser, and an app that refuses us is opaque, never clean. None for a phone whose apps should all be read.
func Forecast(p *profile.Phone) []string {
	var lines []string
	system := p.Trust == "system" || p.Trust == "apex"
	entries := map[string]catalogue.Entry{}
	for _, b := range p.Browsers {
		if e, ok := p.App(b.App); ok {
			entries[b.App] = e
		}
	}
	if p.Kind != profile.Virtual {
		for _, e := range catalogue.All("") {
			if e.Trust == "system" && e.Browser == nil {
				entries[e.Package] = e
			}
		}
	}
	for _, e := range entries {
		who := fmt.Sprintf("%s (%s)", cmp.Or(e.Name, e.Package), e.Package)
		switch {
		case e.Trust == "own":
			lines = append(lines, who+": keeps certificates of its own; installing ours is not enough: Settings > About, tap the logo five times, then Settings > Secret settings > \"Use third party CA certificates\"")
		case e.Trust == "system" && !system:
			lines = append(lines, who+": believes the system's certificates only; cannot be decrypted without root (`trust: system`, from Android 14 `trust: apex`)")
		case e.Trust == "unknown" && !system:
			lines = append(lines, who+": whose certificates it believes is not known; if it refuses ours, it cannot be decrypted without root")
		case system && slices.Contains(chromes, e.Package):
			lines = append(lines, who+": asks the system's certificates for certificate transparency; it is told to believe our key by its command line")
		}
	}
	slices.Sort(lines)
	return lines
}
