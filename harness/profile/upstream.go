package profile

import (
	"encoding/pem"
	"path/filepath"

	"github.com/goccy/go-yaml/ast"
)

// standIn is the word for the stand-in internet.
const standIn = "stand-in"

// served is the remedy for a phone whose stand-in internet is not ours.
const served = "what serves the phone serves its stand-in internet too: write upstream: {resolve: HOST:PORT, trust: PEM} as `telltale virtual` printed it"

// upstream reads where a phone's traffic goes after the proxy. A virtual phone goes to the stand-in internet unless the
// file says otherwise: what it leaks on purpose must not reach the servers whose names it uses.
func (r *reader) upstream(n, phone ast.Node, p *Phone) Upstream {
	if r.err != nil {
		return Upstream{}
	}
	if n == nil && p.Address == "" {
		return Upstream{StandIn: p.Kind == Virtual}
	}
	if n == nil {
		r.fail(phone, served, "phone %s has an address and no upstream", p.ID)
		return Upstream{}
	}
	what := "upstream of phone " + p.ID
	f := r.object(n, what, "resolve", "trust")
	r.require(n, what, f, "resolve")
	if r.err != nil {
		return Upstream{}
	}
	var u Upstream
	if r.text(f["resolve"], "resolve of "+what) == standIn {
		if p.Kind == USB {
			r.fail(f["resolve"], "remove upstream: a real phone is judged by what it says to the real internet", "%s is the stand-in internet, but the phone is of kind usb", what)
		}
		if p.Address != "" {
			r.fail(f["resolve"], served, "%s is the stand-in internet of this run, but the phone has an address", what)
		}
		if t := f["trust"]; t != nil && r.text(t, "trust of "+what) != standIn {
			r.fail(t, "write trust: stand-in, or resolve: HOST:PORT", "%s resolves to the stand-in internet, but does not trust it", what)
		}
		return Upstream{StandIn: true}
	}
	u.Resolve = r.hostPort(f["resolve"], "resolve of "+what)
	if t := f["trust"]; t != nil {
		if r.text(t, "trust of "+what) == standIn {
			r.fail(t, "name the PEM file with its roots, or write resolve: stand-in", "%s trusts the stand-in internet, but resolves to %s", what, u.Resolve)
		}
		u.Trust = r.pem(t, "trust of "+what)
	}
	return u
}

// pem reads the path of a file with certificates, and makes it absolute. Relative paths start from the file's folder.
func (r *reader) pem(n ast.Node, what string) string {
	path := r.text(n, what)
	if r.err != nil {
		return ""
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, path)
	}
	raw, err := read(path)
	if err != nil {
		r.fail(n, "name a PEM file; paths start from the folder of this file", "%s cannot be read: %v", what, err)
		return ""
	}
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return path
		}
	}
	r.fail(n, "name a PEM file with at least one CERTIFICATE block", "%s holds no certificate", what)
	return ""
}
