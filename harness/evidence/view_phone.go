package evidence

import (
	"fmt"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

type phoneView struct {
	ID, Name string
	Virtual  bool
	Facts    []factView
	Files    []linkView
	Changed  bool // start and end differ
	Ended    bool
}

func (b *Bundle) viewPhone(id string, t *told) phoneView {
	p := phoneView{ID: safe.Text(id), Files: b.links(phonesName+"/"+id+"/", phoneName, attemptsName, flowsName, harName, journalName, secretsName)}
	if len(t.lines) == 0 {
		return p
	}
	first, last := &t.lines[0], &t.lines[len(t.lines)-1]
	p.Virtual = first.Kind == leak.KindVirtual
	p.Name = modelOf(first)
	p.Ended = last.At == leak.AtEnd
	p.Changed = first.Fingerprint != last.Fingerprint || first.Firmware != last.Firmware
	add := func(name, value string, limit int) {
		if value = safe.Line(strings.TrimSpace(value), limit); value != "" {
			p.Facts = append(p.Facts, factView{Name: name, Value: value})
		}
	}
	if p.Virtual {
		add("kind", "virtual, personality "+first.Personality, 100)
	} else {
		add("kind", first.Kind, 40)
	}
	add("firmware", first.Firmware, 80)
	add("MIUI or HyperOS, region", strings.TrimSuffix(first.MIUI+", "+first.Region, ", "), 80)
	add("Android", fmt.Sprintf("%s (SDK %d)", first.Android, first.SDK), 40)
	add("patch level", first.PatchLevel, 40)
	if len(first.Conditions) == 0 {
		add("accounts", accountsWord(first.Accounts), 40)
	}
	for _, c := range t.conditions() {
		add(c.Name, c.Text(), 300)
		p.Changed = p.Changed || c.Changed
	}
	for _, c := range t.consents() {
		add("consent, "+c.App, c.Text(), 300)
	}
	add("its clock, by the host's", clockWords(first, last), 80)
	add("build", first.Fingerprint, 200)
	for _, x := range first.Binaries {
		add(x.Package, t.binaryWords(x), 400)
	}
	return p
}

// modelOf names a phone as its vendor does.
func modelOf(p *leak.Phone) string {
	name := strings.TrimSpace(p.Model)
	if p.Device != "" {
		name += " (" + p.Device + ")"
	}
	return safe.Line(strings.TrimSpace(p.Brand+" "+name), 80)
}

func accountsWord(n int) string {
	if n < 0 {
		return "unknown"
	}
	return fmt.Sprint(n)
}

// clockWords says how far a phone's clock was off, at the start and at the end.
func clockWords(first, last *leak.Phone) string {
	word := offset(first.ClockUS)
	if end := offset(last.ClockUS); last.At == leak.AtEnd && end != word {
		word += " at the start, " + end + " at the end"
	}
	return word
}

func offset(us int64) string {
	switch {
	case us > -1000 && us < 1000:
		return "within 1 ms"
	case us < 0:
		return duration(-us) + " behind"
	}
	return duration(us) + " ahead"
}

// versionOf gives the version of a package as the phone said at the start; empty if it has none.
func (t *told) versionOf(app string) string {
	if app == "" || len(t.lines) == 0 {
		return ""
	}
	for _, a := range t.lines[0].Apps {
		if a.Package == app {
			return safe.Line(a.Version, 60)
		}
	}
	return ""
}

// about says what a cell's verdict speaks of: the phone, its firmware and the version of the app under test.
func (t *told) about(app string) string {
	if len(t.lines) == 0 {
		return "nothing is recorded of this phone"
	}
	p := &t.lines[0]
	words := []string{modelOf(p)}
	if p.Kind == leak.KindVirtual {
		words[0] = "imitates " + words[0]
	}
	if p.Firmware != "" {
		words = append(words, "firmware "+safe.Line(p.Firmware, 80))
	}
	if p.Android != "" {
		words = append(words, "Android "+safe.Line(p.Android, 20))
	}
	if app != "" {
		version := t.versionOf(app)
		if version == "" {
			version = "of unknown version"
		}
		words = append(words, safe.Line(app, 100)+" "+version)
	}
	return strings.Join(words, " · ")
}

// binaryWords says which code a package is: its version, the digest of its file, who signed it and what is known in it.
func (t *told) binaryWords(x leak.Binary) string {
	if x.SHA256 == "" {
		return "its code is unknown: " + x.Unknown
	}
	words := []string{t.versionOf(x.Package), "sha256 " + x.SHA256}
	for _, s := range x.Signers {
		words = append(words, "signed by "+s.Subject+" "+s.SHA256)
	}
	if len(x.Kits) > 0 {
		words = append(words, "holds "+strings.Join(x.Kits, ", "))
	}
	if x.Unknown != "" {
		words = append(words, "unknown: "+x.Unknown)
	}
	return strings.Join(words, " \u00b7 ")
}
