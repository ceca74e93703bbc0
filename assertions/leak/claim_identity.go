package leak

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// identities makes the identity claim of each app that sent anything: which known identifiers its uploads carry.
func (p *phone) identities() []Identity {
	blind := p.blind()
	byApp := map[string]*Identity{}
	for i := range p.seen {
		at := &p.seen[i]
		if p.ours(at.flow) || !p.carries(at) {
			continue
		}
		id := byApp[at.app]
		if id == nil {
			id = &Identity{Phone: p.id, App: at.app, Outcome: Clean, Findings: []Finding{}}
			byApp[at.app] = id
		}
		for _, h := range at.hits {
			if h.secret == nil || h.secret.Role != SecretIdentifier {
				continue
			}
			f := p.finding(at, h, p.host(at.flow))
			f.Canary = h.secret.ID
			f.SHA256 = p.mask.hash(string(h.Value)) // keyed: an identifier can be guessed
			f.Attempt = p.windowOf(at.flow, func(*Attempt) bool { return true })
			id.Findings = append(id.Findings, f)
		}
		id.Reasons = append(id.Reasons, p.unidentified(at)...)
	}
	out := make([]Identity, 0, len(byApp))
	for _, id := range byApp {
		id.Reasons = append(id.Reasons, blind...)
		id.Reasons = append(id.Reasons, p.unidentifiedAround(id.App)...)
		if p.gap != "" || len(p.missing) > 0 {
			id.Reasons = append(id.Reasons, Reason{Code: CodeCaptureGap, Detail: "the recording is not whole"})
		}
		id.Findings = sortFindings(id.Findings)
		if len(id.Findings) > 0 {
			id.Outcome = Leaked
		}
		out = append(out, *id)
	}
	slices.SortFunc(out, func(a, b Identity) int { return strings.Compare(a.App, b.App) })
	return out
}

// blind says which identifiers of the phone could not be looked for in anything that it sent.
func (p *phone) blind() (out []Reason) {
	known := false
	for i := range p.secrets {
		s := &p.secrets[i]
		switch why := p.deaf[s.ID]; {
		case s.Role != SecretIdentifier:
		case why == "":
			known = true
		default:
			out = append(out, Reason{Code: CodeHarness, Detail: fmt.Sprintf("the identifier %s cannot be looked for: %s", safe.Text(s.ID), why)})
		}
	}
	if !known {
		out = append(out, Reason{Code: CodeControlMissing, Detail: "no identifier of this phone is known, so none could be looked for"})
	}
	return out
}

// unidentified says what of a flow could not be searched for identifiers.
func (p *phone) unidentified(at *sighting) (out []Reason) {
	r := Reason{Flow: at.flow.Seq, Host: safe.Text(p.host(at.flow)), Port: at.flow.Port}
	if class := p.unread(at); class != "" {
		r.Code, r.Class, r.Detail = CodeOpaqueFlow, string(class), "not read, so not searched for identifiers"
		out = append(out, r)
	}
	if len(at.opaque) > 0 {
		r.Code, r.Class, r.Detail = CodeOpaqueFlow, "encrypted", "a part of what was sent is explained by no decoder"
		out = append(out, r)
	}
	if len(at.cut) > 0 {
		r.Code, r.Class, r.Detail = CodeTruncated, "", "not all that was sent could be searched"
		out = append(out, r)
	}
	if at.more {
		out = append(out, p.beyond(at))
	}
	return out
}

// unidentifiedAround says what an app sent around the proxy in the run, or may have sent while nobody counted: it was not searched
// for identifiers either. An empty app is one that is not known.
func (p *phone) unidentifiedAround(app string) (out []Reason) {
	its := func(uid int, apps []string) bool {
		return slices.Contains(apps, app) || app == "" && len(apps) == 0 && SystemName(uid) == ""
	}
	for i := range p.attempts {
		a := &p.attempts[i]
		for _, c := range []*Counters{&a.Counters, a.Between} {
			if c == nil {
				continue
			}
			if !c.Readable && a.Fault == nil && !slices.Contains(c.Stopped, app) {
				out = append(out, Reason{Code: CodeBypass, Detail: "the phone's byte counters could not be read: what was sent around the proxy is not known"})
			}
			for _, s := range c.Sockets {
				if its(s.UID, s.Apps) {
					out = append(out, Reason{Code: CodeBypass, Class: safe.Text(s.Proto), Host: safe.Text(cmp.Or(s.Host, s.Addr)), Port: s.Port,
						Detail: "it went around the proxy, so it was not searched for identifiers"})
				}
			}
			for _, d := range c.Deltas {
				if d.TX > 0 && its(d.UID, d.Apps) && !slices.ContainsFunc(c.Sockets, func(s Sock) bool { return s.UID == d.UID }) {
					out = append(out, Reason{Code: CodeBypass, Bytes: d.TX, Detail: "bytes sent around the proxy, destination unknown: they were not searched for identifiers"})
				}
			}
		}
	}
	return out
}

func (p *phone) beyond(at *sighting) Reason {
	return Reason{Code: CodeTruncated, Flow: at.flow.Seq, Host: safe.Text(p.host(at.flow)), Port: at.flow.Port,
		Detail: "it holds more values that could be identifiers than are kept"}
}

// carries says whether a flow holds content of its own, as a tunnel whose exchanges were all read does not.
func (p *phone) carries(at *sighting) bool {
	switch at.flow.Kind {
	case flow.KindExchange:
		return true
	case flow.KindMessage:
		return at.flow.Request == nil || at.flow.Request.FromApp
	}
	return p.unread(at) != ""
}
