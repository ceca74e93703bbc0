package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
)

// Destination is a party that a finding of a run on real phones names, and what may be asked of it without sending it
// anything of what the phone sent.
type Destination struct {
	Host string
	URLs []string // the root, and the paths that uploads went to, without their queries
	For  []Named
	Not  string // why it must not be asked; empty if it may be
}

// errVirtual refuses to ask anybody about a run on virtual phones.
var errVirtual = errors.New("its phones are virtual: they name hosts of their own accord, and whoever answers to such a name has nothing to do with this run")

// maxPaths bounds the addresses asked of one destination beside its root.
const maxPaths = 3

// Destinations lists who the findings of a finished bundle name, sorted by host. A bundle of virtual phones, one that is
// not closed, one that was changed and a redacted copy are refused; of a mixed run the real phones count. origin is the
// head of the file that the answers go to.
func Destinations(dir string) (out []Destination, origin Answers, err error) {
	b, err := Open(dir)
	if err != nil {
		return nil, origin, err
	}
	defer b.Release()
	if out, origin, err = b.destinations(); err != nil {
		return nil, origin, fmt.Errorf("looking for destinations in %s: %w", b.name, err)
	}
	return out, origin, nil
}

func (b *Bundle) destinations() (out []Destination, origin Answers, err error) {
	switch {
	case b.Partial():
		return nil, origin, errors.New("it was never closed: finish the run with `telltale run --resume` first")
	case b.redacted():
		return nil, origin, errRedacted
	}
	check, err := b.verify()
	if err != nil {
		return nil, origin, err
	}
	if !check.sound() {
		return nil, origin, check.refusal("it is not genuine, and nobody is asked because of it")
	}
	v, err := b.stated()
	if err != nil {
		return nil, origin, err
	}
	if v.Kind == leak.KindVirtual {
		return nil, origin, errVirtual
	}
	raw, err := b.read(verdictsName)
	if err != nil {
		return nil, origin, err
	}
	run, err := b.run()
	if err != nil {
		return nil, origin, err
	}
	origin.Schema, origin.By, origin.Run, origin.Verdicts = Schema, AskedByHost, run.ID, sha256Hex(raw)
	found := map[string]*destination{}
	for _, id := range b.phonesOf(v) {
		if realPhone(v, id) {
			if err := b.destinationsOf(id, v, found); err != nil {
				return nil, origin, err
			}
		}
	}
	for _, host := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[host].whole(host))
	}
	return out, origin, nil
}

func realPhone(v leak.Verdicts, id string) bool {
	for _, c := range v.Cells {
		if c.Phone == id && c.Kind != leak.KindUSB {
			return false
		}
	}
	return true
}

// destination is what is known so far of one.
type destination struct {
	origins []string            // scheme://host:port
	paths   map[string][]string // of an origin, in the order found
	flows   map[string][]int64  // by phone
	not     string
}

// destinationsOf adds those that one phone's findings name.
func (b *Bundle) destinationsOf(id string, v leak.Verdicts, found map[string]*destination) error {
	all := map[int64][]leak.Finding{}
	add := func(fs []leak.Finding) {
		for _, f := range fs {
			all[f.Flow] = append(all[f.Flow], f)
		}
	}
	for _, c := range v.Cells {
		for _, claim := range claimsIn(c) {
			if c.Phone == id {
				add(c.Claims[claim].Findings)
			}
		}
	}
	for _, x := range v.Identity {
		if x.Phone == id {
			add(x.Findings)
		}
	}
	sought, err := leak.ReadSought(b.FS(), id)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	words := wordsOf(sought)
	flows := b.captureOf(id).flows
	for _, seq := range slices.Sorted(maps.Keys(all)) {
		f := flows[seq]
		if f == nil || f.Host == "" {
			continue // counted bytes, or what a recording that cannot be read held
		}
		d := found[f.Host]
		if d == nil {
			d = &destination{paths: map[string][]string{}, flows: map[string][]int64{}}
			found[f.Host] = d
		}
		d.flows[id] = append(d.flows[id], seq)
		d.take(f, flows[f.Parent], all[seq], words)
	}
	return nil
}

// take adds what a flow with findings says of where it went.
func (d *destination) take(f, parent *flow.Flow, findings []leak.Finding, words []string) {
	within := func(parts ...string) bool {
		return slices.ContainsFunc(findings, func(x leak.Finding) bool {
			return slices.Contains(parts, strings.Fields(x.Location + " -")[0])
		})
	}
	switch {
	case !hostIsName(f.Host):
		d.not = "its name is none that can be asked"
	case within("host", "target", "userinfo") || f.Kind != flow.KindExchange && f.Kind != flow.KindMessage && within("header") || says(f.Host, words):
		d.not = "its name itself carries what was found: to ask for it would be to send that again"
	}
	at := f
	if f.Kind == flow.KindMessage && parent != nil && parent.Kind == flow.KindExchange {
		at = parent
	}
	origin := "https://" + f.Host
	asked := ""
	if u := requestURL(at); u != nil && strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), f.Host) {
		origin = u.Scheme + "://" + u.Host
		if !within("path") {
			asked = askedPath(u, words)
		}
	}
	if !slices.Contains(d.origins, origin) {
		d.origins = append(d.origins, origin)
	}
	if asked != "" && !slices.Contains(d.paths[origin], asked) && len(d.paths[origin]) < maxPaths {
		d.paths[origin] = append(d.paths[origin], asked)
	}
}

func (d *destination) whole(host string) Destination {
	out := Destination{Host: host, Not: d.not}
	for _, phone := range slices.Sorted(maps.Keys(d.flows)) {
		out.For = append(out.For, Named{phone, slices.Compact(slices.Sorted(slices.Values(d.flows[phone])))})
	}
	if d.not != "" {
		return out
	}
	for _, origin := range d.origins {
		out.URLs = append(out.URLs, origin+"/")
		for _, p := range d.paths[origin] {
			out.URLs = append(out.URLs, origin+p)
		}
	}
	return out
}

// requestURL is where a request went, in the schemes that can be asked.
func requestURL(f *flow.Flow) *url.URL {
	if f.Request == nil {
		return nil
	}
	u, err := url.Parse(f.Request.Target)
	if err != nil || u.Host == "" {
		return nil
	}
	switch u.Scheme {
	case "http", "https":
	case "ws", "wss":
		u.Scheme = "http" + u.Scheme[2:]
	default:
		return nil
	}
	host, port := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()
	if u.Host = host; strings.Contains(host, ":") {
		u.Host = "[" + host + "]"
	}
	if n, err := strconv.Atoi(port); err == nil && n > 0 && n < 1<<16 && (u.Scheme != "https" || n != 443) && (u.Scheme != "http" || n != 80) {
		u.Host = net.JoinHostPort(host, port)
	}
	return u
}

// A part of a path is asked for again only if it is a plain word, or the version of an interface: no identifier, no text.
var plainPart = regexp.MustCompile(`^(v[0-9]{1,2}|[A-Za-z][A-Za-z._-]{0,23})$`)

// askedPath is the path of an upload up to the first part that is not plainly a name of the server's own; empty for the root.
func askedPath(u *url.URL, words []string) string {
	out := ""
	for _, part := range strings.Split(strings.Trim(u.EscapedPath(), "/"), "/") {
		if !plainPart.MatchString(part) || says(part, words) || strings.Trim(part, ".") == "" {
			break
		}
		out += "/" + part
	}
	return out
}

var letters = regexp.MustCompile(`[a-z]{4,}`)

// wordsOf lists the words of what was typed and opened: none of them is sent again, to nobody.
func wordsOf(sought []leak.Sought) (words []string) {
	for _, s := range sought {
		value := strings.ToLower(s.Value)
		if u, err := url.Parse(value); err == nil && u.Host != "" {
			value = path.Base(u.Path) + " " + u.RawQuery // what stands before is a site's own
		}
		words = append(words, letters.FindAllString(value, -1)...)
	}
	return sorted(words)
}

func says(text string, words []string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

var hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9_.-]{0,251}[a-z0-9])?$`)

func hostIsName(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return hostName.MatchString(host) && strings.Contains(host, ".")
}
