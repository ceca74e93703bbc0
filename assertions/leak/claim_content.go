package leak

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// canaries lists the canaries of a cell: those that its attempts used, and those minted for an attempt that a crash kept
// from being written down.
func (p *phone) canaries(key Key) []*Secret {
	used := map[string]bool{}
	for i := range p.attempts {
		if p.attempts[i].Key == key {
			for _, id := range p.attempts[i].Canaries {
				used[id] = true
			}
		}
	}
	var out []*Secret
	for i := range p.secrets {
		s := &p.secrets[i]
		if s.Role != SecretIdentifier && (s.Key == key || used[s.ID]) {
			out = append(out, s)
		}
	}
	return out
}

// content finds a cell's canaries in everything the phone sent in the run to anyone but their recipients.
func (p *phone) content(key Key) []Finding {
	canaries := p.canaries(key)
	if len(canaries) == 0 {
		return nil
	}
	var out []Finding
	for i := range p.seen {
		at := &p.seen[i]
		if p.ours(at.flow) { // answered by our own proxy: it left no computer
			continue
		}
		for _, h := range at.hits {
			if h.secret == nil || !slices.Contains(canaries, h.secret) || p.tellsNothing(h) {
				continue
			}
			host, leaked := p.stranger(at.flow, p.declared(h.secret))
			if !leaked {
				continue
			}
			out = append(out, p.contentFinding(at, h, host))
		}
	}
	for _, s := range canaries {
		out = append(out, p.split(s, out)...)
	}
	return sortFindings(out)
}

// contentFinding is the finding of a canary, in the window of its own attempt, or late.
func (p *phone) contentFinding(at *sighting, h sightedHit, host string) Finding {
	f := p.finding(at, h, host)
	f.Canary = h.secret.ID
	f.Identity = at.identifiers()
	own := p.windowOf(at.flow, func(a *Attempt) bool { return slices.Contains(a.Canaries, h.secret.ID) })
	if f.Attempt = own; own == 0 {
		f.Attempt = p.windowOf(at.flow, func(*Attempt) bool { return true })
		f.Late = true
	}
	return f
}

// finding says what a hit says, fit to be shown.
func (p *phone) finding(at *sighting, h sightedHit, host string) Finding {
	sum := sha256.Sum256(h.Value)
	f := Finding{
		Flow: at.flow.Seq, App: at.app, Host: safe.Text(host), Class: h.Class,
		Location: p.mask.text(h.Location), Transforms: []string{},
		SHA256: hex.EncodeToString(sum[:]), Preview: p.mask.text(h.Preview),
	}
	for _, t := range h.Transforms {
		f.Transforms = append(f.Transforms, p.mask.text(t))
	}
	return f
}

// windowOf gives the attempt whose window a flow was sent in, among those wanted; 0 for none.
func (p *phone) windowOf(f *flow.Flow, want func(*Attempt) bool) int64 {
	for i := range p.attempts {
		if a := &p.attempts[i]; want(a) && a.Window.Sends(f) {
			return a.ID
		}
	}
	return 0
}

// identifiers lists the identifiers that a sighting carries.
func (at *sighting) identifiers() []string {
	var ids []string
	for _, h := range at.hits {
		if h.secret != nil && h.secret.Role == SecretIdentifier {
			ids = append(ids, h.secret.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// tellsNothing says whether a hit is the mere host of a URL canary that was not minted for it: that a page of a known
// site was open is what every browser says in the Referer of what that page loads.
func (p *phone) tellsNothing(h sightedHit) bool {
	if h.secret.Kind != ValueURL || h.Class != ClassPart {
		return false
	}
	u, err := url.Parse(h.secret.Value)
	if err != nil || u.Host == "" {
		return false
	}
	// The searcher names the part: the host, or the URL without its query, which is the host if the path is empty.
	bare := slices.Contains(h.Transforms, "host") || slices.Contains(h.Transforms, "no-query") && strings.Trim(u.Path, "/") == ""
	return bare && !p.minted(h.secret, lowerASCII(u.Hostname()))
}

// minted says whether a host was made up for one canary: nothing else in the run's files names it.
func (p *phone) minted(s *Secret, host string) bool {
	if host == cleanHost(p.run.ControlHost) {
		return false
	}
	for _, r := range p.run.Recipients {
		if containsHost(r.Hosts, host) {
			return false
		}
	}
	for i := range p.secrets {
		o := &p.secrets[i]
		if o.ID == s.ID || o.Kind != ValueURL {
			continue
		}
		if u, err := url.Parse(o.Value); err == nil && lowerASCII(u.Hostname()) == host {
			return false
		}
	}
	return true
}

func sortFindings(fs []Finding) []Finding {
	slices.SortFunc(fs, func(a, b Finding) int {
		switch {
		case a.Flow != b.Flow:
			return sign(a.Flow - b.Flow)
		case a.Canary != b.Canary:
			return strings.Compare(a.Canary, b.Canary)
		case a.Location != b.Location:
			return strings.Compare(a.Location, b.Location)
		case a.Class != b.Class:
			return strings.Compare(a.Class, b.Class)
		case a.SHA256 != b.SHA256:
			return strings.Compare(a.SHA256, b.SHA256)
		}
		return slices.Compare(a.Transforms, b.Transforms)
	})
	return slices.CompactFunc(fs, func(a, b Finding) bool {
		return a.Flow == b.Flow && a.Canary == b.Canary && a.Location == b.Location && a.Class == b.Class &&
			a.SHA256 == b.SHA256 && slices.Equal(a.Transforms, b.Transforms)
	})
}

func sign(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
