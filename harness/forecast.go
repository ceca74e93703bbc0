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
			lines = append(lines, who+": keeps certificates of its own; installing ours is not enough: "+ownStoreForecast(e, system))
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

// ownStoreForecast says what a run does with an app that has certificates of its own, and what is left to its owner.
func ownStoreForecast(e catalogue.Entry, system bool) string {
	if e.OwnStore == nil {
		return "no way to make it believe others is known, root or not"
	}
	also := ""
	if system {
		also = "it takes those of the phone's user alone, so ours has to be in the user's store too; "
	}
	return fmt.Sprintf("%s%q is switched on in its own settings before the controls, unless it is on, and off again at the end; where its screens cannot be driven, it cannot be decrypted until somebody does so by hand: %s",
		also, e.OwnStore.Switch.What, byHand(e, true))
}

// caFix is how an owner makes one app believe the farm's certificate on this phone.
func (l *Lease) caFix(app string) string {
	p := l.profile
	e, _ := p.App(app)
	switch {
	case e.Trust == "own" && asRoot(p):
		return "it takes certificates of the phone's user alone: " + l.ownFix(e)
	case asRoot(p):
		return "see that the phone is rooted and that its store took our certificate; an app that pins its own server's cannot be read"
	case e.Trust == "own":
		return l.ownFix(e)
	case e.Trust == "system":
		return "this app believes the system's certificates alone: root the phone and say `trust: system` (from Android 14 `trust: apex`), or take it off the phone's browsers"
	}
	return l.certFix()
}

// ownFix is how an app with certificates of its own is made to believe ours.
func (l *Lease) ownFix(e catalogue.Entry) string {
	if e.OwnStore == nil {
		return l.certFix()
	}
	return l.certFix() + ". Then " + byHand(e, true)
}
