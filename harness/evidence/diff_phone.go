package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/capture/record"
)

// PhoneChange is what differs about one phone beside its verdicts. Its lists are sorted.
type PhoneChange struct {
	ID          string             `json:"id"`
	Old         string             `json:"old"`      // firmware
	New         string             `json:"new"`      //
	Appeared    []string           `json:"appeared"` // destinations contacted only in the new run: host:port
	Vanished    []string           `json:"vanished"`
	Endpoints   []string           `json:"endpoints"`      // new ones, of hosts that both runs contacted: POST host/path/*
	Forgotten   []string           `json:"endpoints_gone"` //
	Fields      []string           `json:"fields"`         // new ones, of endpoints that both runs sent to: POST host/path: body > json $.a
	Dropped     []string           `json:"fields_gone"`    //
	Identifiers []IdentifierChange `json:"identifiers"`
}

// IdentifierChange is an identifier that an app sent in one of the runs or in both.
type IdentifierChange struct {
	App      string `json:"app"` // empty is unknown
	ID       string `json:"id"`
	Old      bool   `json:"old"`      // it was sent in the old run
	New      bool   `json:"new"`      //
	Survived bool   `json:"survived"` // the phone has the same value in both runs
}

func comparePhone(bs [2]*Bundle, vs [2]leak.Verdicts, id string) (PhoneChange, error) {
	p := PhoneChange{ID: id}
	var traffics [2]traffic
	var digests [2]map[string]string
	var firmware [2]string
	for i, b := range bs {
		lines, err := leak.ReadPhoneLines(b.FS(), id)
		if err != nil {
			return p, err
		}
		if len(lines) > 0 {
			firmware[i] = safe.Line(lines[0].Firmware, 80)
		}
		if traffics[i], err = trafficOf(b, id); err != nil {
			return p, err
		}
		if digests[i], err = leak.ReadIdentifiers(b.FS(), id); err != nil {
			return p, err
		}
	}
	p.Old, p.New = firmware[0], firmware[1]
	before, after := traffics[0], traffics[1]
	p.Appeared, p.Vanished = without(after.places, before.places), without(before.places, after.places)
	both := func(host string) bool { return before.hosts[host] && after.hosts[host] }
	p.Endpoints, p.Forgotten = withoutAt(after.endpoints, before.endpoints, both), withoutAt(before.endpoints, after.endpoints, both)
	same := func(endpoint string) bool { return before.endpoints[endpoint] != "" && after.endpoints[endpoint] != "" }
	p.Fields, p.Dropped = withoutAt(after.fields, before.fields, same), withoutAt(before.fields, after.fields, same)
	p.Identifiers = compareIdentifiers(vs, digests, id)
	return p, nil
}

// traffic is whom a phone contacted through the proxy.
type traffic struct {
	places    map[string]bool   // host:port
	hosts     map[string]bool   //
	endpoints map[string]string // method and place with path -> host
	fields    map[string]string // endpoint and place in what was sent to it -> endpoint
}

func trafficOf(b *Bundle, id string) (traffic, error) {
	t := traffic{map[string]bool{}, map[string]bool{}, map[string]string{}, map[string]string{}}
	sub, err := fs.Sub(b.FS(), phonesName+"/"+id)
	if err != nil {
		return t, err
	}
	r, err := record.Open(sub)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	flows, err := r.Flows()
	if err != nil {
		return t, err
	}
	for i := range flows {
		f := &flows[i]
		if f.Control || f.Host == "" {
			continue
		}
		t.places[place(f.Host, f.Port)] = true
		t.hosts[f.Host] = true
		if f.Kind == flow.KindExchange && f.Request != nil {
			t.endpoints[endpoint(f)] = f.Host
			t.addFields(r, f)
		}
	}
	return t, nil
}

// endpoint names what a request was sent to, without its query and without the parts of its path that differ from one
// request to the next: anything with a digit in it, and anything long.
func endpoint(f *flow.Flow) string {
	path := "/"
	if u, err := url.Parse(f.Request.Target); err == nil && u.Path != "" {
		parts := strings.Split(u.Path, "/")
		for i, part := range parts {
			version := len(part) <= 3 && strings.HasPrefix(part, "v")
			if !version && strings.ContainsAny(part, "0123456789") || len(part) > 40 {
				parts[i] = "*"
			}
		}
		path = strings.Join(parts, "/")
	}
	return safe.Line(f.Request.Method+" "+f.Host+path, 200)
}

// without gives what is in a and not in b, sorted.
func without(a, b map[string]bool) []string {
	out := []string{}
	for x := range a {
		if !b[x] {
			out = append(out, x)
		}
	}
	slices.Sort(out)
	return out
}

// withoutAt is without, of endpoints whose host is wanted.
func withoutAt(a, b map[string]string, host func(string) bool) []string {
	out := []string{}
	for x, h := range a {
		if _, ok := b[x]; !ok && host(h) {
			out = append(out, x)
		}
	}
	slices.Sort(out)
	return out
}

func compareIdentifiers(vs [2]leak.Verdicts, digests [2]map[string]string, phone string) []IdentifierChange {
	type key struct{ app, id string }
	sent := [2]map[key]bool{{}, {}}
	learned := [2]map[string]bool{{}, {}} // digests of values that were learned
	var all []key
	for i, v := range vs {
		for _, x := range v.Identity {
			for _, f := range x.Findings {
				k := key{x.App, f.Canary}
				if x.Phone == phone && f.Class == leak.ClassLearned {
					learned[i][x.App+"\x00"+f.Canary+"\x00"+f.SHA256] = true
				}
				if x.Phone != phone || sent[i][k] {
					continue
				}
				sent[i][k] = true
				all = append(all, k)
			}
		}
	}
	slices.SortFunc(all, func(a, b key) int { return slices.Compare([]string{a.app, a.id}, []string{b.app, b.id}) })
	out := []IdentifierChange{}
	for _, k := range slices.Compact(all) {
		was, is := digests[0][k.id], digests[1][k.id]
		for x := range learned[0] {
			if strings.HasPrefix(x, k.app+"\x00"+k.id+"\x00") && learned[1][x] {
				was, is = x, x
			}
		}
		out = append(out, IdentifierChange{
			App: safe.Text(k.app), ID: safe.Text(k.id), Old: sent[0][k], New: sent[1][k], Survived: was != "" && was == is,
		})
	}
	return out
}

// maxChanges bounds how many changes of a kind the text names of a phone.
const maxChanges = 40

// text writes what differs about a phone for a terminal.
func (p PhoneChange) text(b *strings.Builder) {
	if p.Old != p.New {
		fmt.Fprintf(b, "\n%s: firmware %s -> %s\n", safe.Text(p.ID), dash(p.Old), dash(p.New))
	} else {
		fmt.Fprintf(b, "\n%s: firmware %s in both\n", safe.Text(p.ID), dash(p.Old))
	}
	for _, list := range []struct {
		what  string
		lines []string
	}{
		{"new destination", p.Appeared}, {"destination gone", p.Vanished}, {"new endpoint", p.Endpoints}, {"endpoint gone", p.Forgotten},
		{"new field", p.Fields}, {"field gone", p.Dropped},
	} {
		for i, line := range list.lines {
			if i == maxChanges {
				fmt.Fprintf(b, "  %-17s and %d more, in --json\n", list.what, len(list.lines)-i)
				break
			}
			fmt.Fprintf(b, "  %-17s %s\n", list.what, line)
		}
	}
	for _, x := range p.Identifiers {
		how := map[[2]bool]string{{true, true}: "still sent", {false, true}: "sent now", {true, false}: "no longer sent"}[[2]bool{x.Old, x.New}]
		same := "with another value"
		if x.Survived {
			same = "with the same value"
		}
		fmt.Fprintf(b, "  %-17s %s by %s, %s\n", "identifier", x.ID, appWord(x.App), how+" "+same)
	}
}
