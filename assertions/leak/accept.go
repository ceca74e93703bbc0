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
		if suffix, wild := strings.CutPrefix(want, "*."); wild && suffix != "" && strings.HasSuffix(host, "."+suffix) || want != "" && want == host {
			return a, true
		}
	}
	return Accept{}, false
}

// acceptsFlow is accepts of a flow: every name that it goes by must be accepted, for an app can put any into a header.
func (p *phone) acceptsFlow(at *sighting) (Accept, bool) {
	f := at.flow
	by, ok := p.accepts(at.app, p.host(f), f.Port)
	for _, name := range p.parties(f) {
		_, also := p.accepts(at.app, name, f.Port)
		ok = ok && also
	}
	return by, ok
}

// acceptLine is the devices.yaml line that accepts a destination, ready to paste but for the reason.
func acceptLine(app, host string, port int) string {
	if host == "" || host == "unknown" {
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
