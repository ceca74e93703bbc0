package profile

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"golang.org/x/net/publicsuffix"

	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

var (
	phoneKeys = []string{"id", "kind", "serial", "address", "adb", "personality", "expect", "trust", "unlock", "allow",
		"settle", "repeat", "trials", "record", "upstream", "browsers", "accept"}
	trusts = []string{"user", "system", "apex"}
	// anyPhone are the ways to name a phone, in place of its serial, by what another phone may have as well (AOSP
	// transport.cpp, MatchesTarget).
	anyPhone = regexp.MustCompile(`^(usb|product|model|device):`)
	named    = map[string]string{"usb:": "place on USB", "product:": "product", "model:": "model", "device:": "codename"}
	verbs    = []string{"app-data-reset", "reinstall", "reboot", "force-stop"}
)

// phones reads the list of phones, and refuses two that are the same.
func (r *reader) phones(n ast.Node, base shared, browsers []Browser) []Phone {
	var all []Phone
	ids, serials := map[string]int{}, map[string]string{}
	list := r.list(n, "phones")
	if r.err == nil && len(list) == 0 {
		r.fail(n, "add a phone: `telltale devices --yaml SERIAL` prints the block", "there is no phone in the list")
	}
	for _, v := range list {
		p, fields := r.phone(v, base, browsers)
		if r.err != nil {
			return nil
		}
		if line, dup := ids[p.ID]; dup {
			r.fail(fields["id"], "give each phone an id of its own", "a phone with id %s is already in line %d", p.ID, line)
		}
		ids[p.ID] = p.Line
		for key, serial := range map[string]string{"serial": p.Serial, "address": p.Address} {
			if serial == "" {
				continue
			}
			if other, dup := serials[serial]; dup {
				r.fail(fields[key], "a phone can stand in the list once", "%s %s is already that of phone %s", key, serial, other)
			}
			serials[serial] = p.ID
		}
		all = append(all, p)
	}
	return all
}

// phone reads one phone.
func (r *reader) phone(n ast.Node, base shared, browsers []Browser) (Phone, map[string]ast.Node) {
	f := r.object(n, "the phone", phoneKeys...)
	r.require(n, "the phone", f, "id", "kind")
	if r.err != nil {
		return Phone{}, f
	}
	p := Phone{ID: r.id(f["id"], "the id of the phone"), Line: position(n).Line, Trust: trusts[0], Expect: map[string]string{}, Allow: []string{}, Accept: []Accept{}}
	what := "phone " + p.ID
	p.Kind = r.oneOf(f["kind"], "kind of "+what, []string{USB, Virtual})
	if r.err != nil {
		return p, f
	}
	r.reached(n, &p, f)
	own := r.shared(f, what, base)
	p.Settle, p.Repeat, p.Trials, p.Record = own.Settle, own.Repeat, own.Trials, own.Record
	if v := f["expect"]; v != nil {
		p.Expect = r.expect(v, what)
	}
	if v := f["trust"]; v != nil {
		p.Trust = r.oneOf(v, "trust of "+what, trusts)
	}
	if v := f["unlock"]; v != nil {
		p.PINEnv = r.unlock(v, what)
	}
	if v := f["allow"]; v != nil {
		p.Allow = r.allow(v, what)
	}
	p.Upstream = r.upstream(f["upstream"], n, &p)
	p.Browsers = r.phoneBrowsers(f["browsers"], &p, browsers)
	if v := f["accept"]; v != nil {
		p.Accept = r.accepts(v, what)
	}
	return p, f
}

// reached reads how a phone is reached, which differs by kind.
func (r *reader) reached(n ast.Node, p *Phone, f map[string]ast.Node) {
	what := "phone " + p.ID
	if v := f["adb"]; v != nil {
		p.ADB = r.hostPort(v, "the adb server of "+what)
	}
	if p.Kind == USB {
		for _, k := range []string{"personality", "address"} {
			if f[k] != nil {
				r.fail(f[k], "remove it, or write kind: virtual", "%s is of kind usb and has %s", what, article(k))
			}
		}
		if f["serial"] == nil {
			r.fail(n, "add serial: as `adb devices` prints it", "%s is of kind usb and has no serial", what)
			return
		}
		p.Serial = r.text(f["serial"], "serial of "+what)
		if r.err == nil && !serialForm.MatchString(p.Serial) {
			r.fail(f["serial"], "write it as `adb devices` prints it", "serial of %s is %s", what, shown(p.Serial))
		}
		if m := anyPhone.FindString(p.Serial); r.err == nil && m != "" { // adb takes it for a request, not for a name
			r.fail(f["serial"], "write its serial number, as `adb devices` prints it", "serial of %s is %s: that is whatever phone has this %s, now or later", what, shown(p.Serial), named[m])
		}
		return
	}
	if f["serial"] != nil {
		r.fail(f["serial"], "remove it; a virtual phone that `telltale virtual` serves is named by address: HOST:PORT", "%s is of kind virtual and has a serial", what)
	}
	if f["personality"] == nil {
		r.fail(n, "add personality: with one of "+strings.Join(catalogue.Personalities(), ", "), "%s is of kind virtual and has no personality", what)
		return
	}
	p.Personality = r.oneOf(f["personality"], "personality of "+what, catalogue.Personalities())
	if v := f["address"]; v != nil {
		p.Address = r.hostPort(v, "the address of "+what)
	}
}

func article(key string) string {
	if key == "address" {
		return "an address"
	}
	return "a " + key
}

// oneOf reads one of a few words.
func (r *reader) oneOf(n ast.Node, what string, words []string) string {
	s := r.text(n, what)
	if r.err == nil && !slices.Contains(words, s) {
		r.fail(n, didYouMean(s, words), "%s is %s", what, shown(s))
	}
	return s
}

// expect reads the properties that must hold before the phone is touched.
func (r *reader) expect(n ast.Node, what string) map[string]string {
	all := map[string]string{}
	for _, e := range r.entries(n, "expect of "+what) {
		if verdictKey.MatchString(e.name) {
			r.failVerdict(e)
			return nil
		}
		if !propertyForm.MatchString(e.name) {
			r.fail(e.key, "write a property's name, such as ro.product.device", "expect of %s has the key %s", what, shown(e.name))
		}
		if b, ok := e.value.(*ast.BoolNode); ok {
			all[e.name] = b.GetToken().Value
			continue
		}
		all[e.name] = r.text(e.value, e.name+" of "+what)
	}
	return all
}

// unlock reads where the PIN comes from. The PIN itself is refused, and not even shown.
func (r *reader) unlock(n ast.Node, what string) string {
	for _, e := range r.entries(n, "unlock of "+what) {
		if e.name == "pin" || e.name == "password" {
			r.fail(e.key, "write pin_env: NAME with the name of an environment variable that holds it", "%s of %s stands in the file", e.name, what)
			r.err.Snippet = ""
		}
	}
	f := r.object(n, "unlock of "+what, "pin_env")
	r.require(n, "unlock of "+what, f, "pin_env")
	if r.err != nil {
		return ""
	}
	s := r.text(f["pin_env"], "pin_env of "+what)
	if r.err == nil && !envForm.MatchString(s) {
		r.fail(f["pin_env"], "write the name of an environment variable, such as REDMI_PIN; the PIN never stands in the file", "pin_env of %s is not the name of an environment variable", what)
		r.err.Snippet = ""
	}
	return s
}

// allow reads the destructive verbs that this phone suffers.
func (r *reader) allow(n ast.Node, what string) []string {
	all := []string{}
	for _, v := range r.list(n, "allow of "+what) {
		s := r.oneOf(v, "a verb that "+what+" allows", verbs)
		if r.err == nil && slices.Contains(all, s) {
			r.fail(v, "remove one of them", "%s allows %s twice", what, s)
		}
		all = append(all, s)
	}
	return all
}

// accepts reads the destinations that may stay unread.
func (r *reader) accepts(n ast.Node, what string) []Accept {
	all := []Accept{}
	for _, v := range r.list(n, "accept of "+what) {
		entry := "an accept entry of " + what
		f := r.object(v, entry, "app", "host", "port", "why")
		r.require(v, entry, f, "app", "host", "why")
		if r.err != nil {
			return nil
		}
		a := Accept{App: r.text(f["app"], "app of "+entry), Why: strings.TrimSpace(r.text(f["why"], "why of "+entry))}
		if a.App != "*" {
			a.App = r.owner(f["app"], "app of "+entry)
		}
		a.Host = r.text(f["host"], "host of "+entry)
		if _, err := netip.ParseAddr(a.Host); err != nil && a.Host != HostUnknown {
			r.checkHost(f["host"], strings.TrimPrefix(a.Host, "*."), "host of "+entry)
		}
		if suffix, wild := strings.CutPrefix(a.Host, "*."); r.err == nil && wild && everybodys(suffix) {
			r.fail(f["host"], "name whose hosts they are, such as *.example.com", "host of %s is %s, under which anybody may have a name", entry, shown(a.Host))
		}
		if f["port"] != nil {
			a.Port = r.integer(f["port"], "port of "+entry, 0, 65535)
		}
		if r.err == nil && a.Host == HostUnknown && (a.Port != 0 || !slices.Contains(systemOwners, a.App)) {
			r.fail(f["host"], "name the host", "%s says host: unknown, which only Android's own uids may have, such as dns, and without a port", entry)
		}
		if r.err == nil && a.Why == "" {
			r.fail(f["why"], "say why this may stay unread; every verdict that it touches repeats it", "why of %s is blank", entry)
		}
		for _, b := range all {
			if a.App == b.App && a.Host == b.Host && a.Port == b.Port {
				r.fail(v, "remove one of them", "%s stands here twice", entry)
			}
		}
		all = append(all, a)
	}
	return all
}

// everybodys says whether anybody may register a name below a domain, as below com and co.uk.
func everybodys(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}
