package leak

import (
	"fmt"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// Classes of opaque flow that only the judge gives.
const (
	classProtocolError = "protocol-error" // bytes that broke the protocol
	classUnfinished    = "unfinished"     // a request whose record ends before its body does
	classUnproved      = "unproved-name"  // a canary that went to an address in a name which nobody proved
)

// unread says why what a flow carried could not be read, as a class; empty if it could, or if it carried nothing.
// Whether a handshake without a request counts depends on the window: see preconnect.
func (p *phone) unread(at *sighting) string {
	f := at.flow
	if p.ours(f) {
		return ""
	}
	switch f.Kind {
	case flow.KindTunnel:
		switch f.Class {
		case flow.ClassNotTLS, flow.ClassNotHTTP, flow.ClassPassed:
			if f.End >= 0 && f.BytesUp == 0 { // the phone only listened
				return ""
			}
		case flow.ClassReadable:
			switch {
			case p.parents[f.Seq] && (f.Requests > 0 || f.End < 0):
				return "" // its requests are flows of their own
			case f.End < 0 && p.final:
				return classUnfinished
			case f.End < 0 || f.BytesUp == 0 && f.Requests == 0:
				return "" // nothing was sent yet
			}
			if f.Intercepted {
				return string(flow.ClassPinned)
			}
			return string(flow.ClassPassed)
		}
		return string(f.Class)
	case flow.KindError:
		if f.Class != flow.ClassReadable {
			return string(f.Class)
		}
		if f.BytesUp == 0 && f.Request == nil {
			return ""
		}
		return classProtocolError
	case flow.KindMessage:
		if f.Class == flow.ClassReadable && (f.Request == nil && f.Response == nil || unended(f)) {
			return classUnfinished
		}
		return string(f.Class)
	case flow.KindExchange:
		switch {
		case f.Class != flow.ClassReadable:
			return string(f.Class)
		case f.Request == nil:
			return classUnfinished
		case f.End < 0 && f.Request.Body == nil && expectsBody(f.Request), unended(f):
			return classUnfinished
		}
		return ""
	}
	return classUnfinished // a kind we do not know
}

// unended says whether the phone was still sending when the record of a flow breaks off: what is there was searched, and
// what came after it is nowhere.
func unended(f *flow.Flow) bool {
	return f.End < 0 && f.Request != nil && f.Request.Body != nil && f.Request.Body.Partial
}

// expectsBody says whether a request announced a body.
func expectsBody(m *flow.Message) bool {
	if n, ok := m.Get("Content-Length"); ok {
		return strings.TrimSpace(n) != "0"
	}
	if _, ok := m.Get("Transfer-Encoding"); ok {
		return true
	}
	switch m.Method {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// opaque gives what stayed unread in an attempt's window, and what of it policy accepts.
func (p *phone) opaque(a *Attempt, claim Claim) (reasons []Reason, accepted []Accepted) {
	return p.opaqueOf(a, claim, func(at *sighting) bool { return p.concerns(a, at) })
}

func (p *phone) opaqueOf(a *Attempt, claim Claim, counts func(*sighting) bool) (reasons []Reason, accepted []Accepted) {
	for i := range p.seen {
		at := &p.seen[i]
		f := at.flow
		if p.ours(f) || !a.Window.Touches(f) || !counts(at) {
			continue
		}
		class, detail, bytes := p.unread(at), "", f.BytesUp
		if class != "" {
			if p.preconnect(a, at, class) {
				continue
			}
			detail = classDetail[class]
			if detail == "" {
				detail = "it could not be read"
			}
		} else if part := p.encrypted(a, claim, at); part != "" {
			class, detail = string(flow.ClassEncrypted), part
		} else {
			continue
		}
		host := p.host(f)
		if by, who, ok := p.acceptsFlow(at); ok {
			accepted = append(accepted, Accepted{App: safe.Text(who), Host: safe.Text(host), Port: f.Port, Why: safe.Text(by.Why), Unproved: p.unproved(f) != ""})
			continue
		}
		reasons = append(reasons, Reason{
			Code: CodeOpaqueFlow, Detail: detail, Attempt: a.ID, Flow: f.Seq, App: safe.Text(at.who()), Host: safe.Text(host),
			Port: f.Port, Class: class, Bytes: bytes, Accept: p.acceptFlowLine(at, host),
		})
	}
	return reasons, accepted
}

// classDetail says in words what a class means.
var classDetail = map[string]string{
	string(flow.ClassUntrustedCA): "the app refused our certificate",
	string(flow.ClassPinned):      "the app completed the handshake and closed without a request, as an app that pins certificates does",
	string(flow.ClassClosedEarly): "the app closed in the middle of the handshake",
	string(flow.ClassMismatch):    "the app's TLS and ours had nothing in common",
	string(flow.ClassNotTLS):      "neither TLS nor HTTP",
	string(flow.ClassNotHTTP):     "inside TLS, but not HTTP",
	string(flow.ClassPassed):      "relayed unread",
	string(flow.ClassEncrypted):   "its content is encrypted",
	classProtocolError:            "the bytes broke the protocol",
	classUnfinished:               "the record of the request ends before the request does",
}

// encrypted says which part of a readable request no decoder explains; empty if there is none, or if it went to whom
// every canary of the attempt is meant for.
func (p *phone) encrypted(a *Attempt, claim Claim, at *sighting) string {
	if len(at.opaque) == 0 || !a.Window.Sends(at.flow) {
		return ""
	}
	if claim == ClaimContent && p.toRecipient(a, at.flow) {
		return ""
	}
	o := at.opaque[0]
	detail := fmt.Sprintf("%s: %s, %d bytes", o.Location, o.Reason, o.Bytes)
	if n := len(at.opaque) - 1; n > 0 {
		detail += fmt.Sprintf(", and %d more", n)
	}
	return p.mask.text(detail)
}

// toRecipient says whether a flow went to the recipient of every canary of an attempt.
func (p *phone) toRecipient(a *Attempt, f *flow.Flow) bool {
	for _, id := range a.Canaries {
		if s := p.secret(id); s == nil || !p.surely(f, p.declared(s)) {
			return false
		}
	}
	return len(a.Canaries) > 0
}

// secret finds a canary by its id.
func (p *phone) secret(id string) *Secret {
	for i := range p.secrets {
		if p.secrets[i].ID == id && p.secrets[i].Role != SecretIdentifier {
			return &p.secrets[i]
		}
	}
	return nil
}

// host is the name that stands for whom a flow went to.
func (p *phone) host(f *flow.Flow) string {
	if f.Host != "" {
		return f.Host
	}
	if names := p.parties(f); len(names) > 0 {
		return names[0]
	}
	return HostUnknown
}
