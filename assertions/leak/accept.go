package leak

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// accepts says which line of the policy accepts a destination of an app, if one does. An unknown app is accepted only by
// a line for any app.
func (p *phone) accepts(app, host string, port int) (Accept, bool) {
	host = cleanHost(host)
	for _, a := range p.policy.Accept {
		if a.App != "*" && (app == "" || a.App != app) {
			continue
		}
		if a.Port != 0 && a.Port != port {
			continue
		}
		want := cleanHost(a.Host)
		if want == HostUnknown { // no destination is meant
			continue
		}
		if suffix, wild := strings.CutPrefix(want, "*."); wild && suffix != "" && strings.HasSuffix(host, "."+suffix) || want != "" && want == host {
			return a, true
		}
	}
	return Accept{}, false
}

// acceptsAny is accepts for a uid, which goes by several names when packages share it: nothing on the phone tells them apart.
func (p *phone) acceptsAny(apps []string, host string, port int) (Accept, string, bool) {
	if len(apps) == 0 {
		apps = []string{""}
	}
	for _, app := range apps {
		if by, ok := p.accepts(app, host, port); ok {
			return by, app, true
		}
	}
	return Accept{}, "", false
}

// HostUnknown stands in a line of the policy for where bytes went that were counted while no socket was seen. Only
// Android's own uids can be accepted so: netd's questions to a name server are too short to be seen, an app's are not.
const HostUnknown = "unknown"

// acceptsUnseen says which line accepts bytes of a uid that no socket was seen of, by its name.
func (p *phone) acceptsUnseen(uid int) (Accept, string, bool) {
	name := SystemName(uid)
	for _, a := range p.policy.Accept {
		if name != "" && a.App == name && cleanHost(a.Host) == HostUnknown {
			return a, name, true
		}
	}
	return Accept{}, "", false
}

// acceptUnseenLine is the devices.yaml line for acceptsUnseen; empty if there is none.
func acceptUnseenLine(uid int) string {
	name := SystemName(uid)
	if name == "" {
		return ""
	}
	return fmt.Sprintf("- {app: %s, host: %s, why: ...}", name, HostUnknown)
}

// acceptsFlow is accepts of a flow: every name and port that it goes by must be accepted, for an app can put any into a header.
func (p *phone) acceptsFlow(at *sighting) (by Accept, who string, ok bool) {
	f := at.flow
	names, ports := p.parties(f), p.ports(f)
	for _, app := range at.owners() {
		by, ok = p.accepts(app, p.host(f), f.Port)
		for _, name := range names {
			for _, port := range ports {
				_, also := p.accepts(app, name, port)
				ok = ok && also
			}
		}
		if ok {
			return by, app, true
		}
	}
	return Accept{}, "", false
}

// acceptFlowLine is acceptLine of a flow. One that goes by several ports is accepted at none alone.
func (p *phone) acceptFlowLine(at *sighting, host string) string {
	if len(p.ports(at.flow)) > 1 {
		return acceptLine(at.who(), host, 0)
	}
	return acceptLine(at.who(), host, at.flow.Port)
}

// acceptLine is the devices.yaml line that accepts a destination, ready to paste but for the reason.
func acceptLine(app, host string, port int) string {
	if host == "" || host == HostUnknown {
		return ""
	}
	if app == "" {
		app = "*"
	}
	where := ""
	if port > 0 {
		where = fmt.Sprintf(", port: %d", port)
	}
	return fmt.Sprintf("- {app: %s, host: %s%s, why: ...}", yamlScalar(app), yamlScalar(host), where)
}

// yamlScalar writes text from a phone as a YAML scalar that stays text: plain if it is a dotted name or an IPv4 address,
// else quoted.
func yamlScalar(s string) string {
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		return s
	}
	plain, letter := len(s) > 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letter = true
		case c >= '0' && c <= '9', c == '_' && i > 0, (c == '.' || c == '-') && i > 0 && i < len(s)-1:
		default:
			plain = false
		}
	}
	// A word without a dot might be null or true, and 1.e5 a number.
	if plain && letter && strings.Contains(s, ".") && !(s[0] >= '0' && s[0] <= '9') {
		return s
	}
	if s == "*" {
		return "'*'"
	}
	b, err := json.Marshal(safe.Text(s))
	if err != nil {
		return `""`
	}
	return string(b)
}
