package leak

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// truncated gives what was sent in an attempt's window and could not be searched to its end. What counts as opaque
// already is left to that control.
func (p *phone) truncated(a *Attempt) []Reason {
	return p.truncatedOf(a, func(at *sighting) bool { return p.concerns(a, at) })
}

func (p *phone) truncatedOf(a *Attempt, counts func(*sighting) bool) (out []Reason) {
	for i := range p.seen {
		at := &p.seen[i]
		f := at.flow
		if len(at.cut) == 0 || p.ours(f) || !counts(at) || !a.Window.Sends(f) || p.unread(at) != "" {
			continue
		}
		r := Reason{Code: CodeTruncated, Attempt: a.ID, Flow: f.Seq, App: safe.Text(at.app), Host: safe.Text(p.host(f)), Port: f.Port,
			Detail: safe.Text("not all that was sent could be searched: " + strings.Join(at.cut, ", "))}
		if f.Request != nil && f.Request.Body != nil {
			r.Bytes = f.Request.Body.Size
		}
		out = append(out, r)
	}
	return out
}

// captureGap checks that proxy, tunnel and recording were there for the whole window.
func (p *phone) captureGap(a *Attempt) (out []Reason) {
	gap := func(detail string) {
		out = append(out, Reason{Code: CodeCaptureGap, Detail: p.mask.text(detail), Attempt: a.ID})
	}
	detail := ""
	if a.Tunnel.Detail != "" {
		detail = ": " + a.Tunnel.Detail
	}
	if !a.Tunnel.Before {
		gap("proxy and tunnel were not seen alive before the window" + detail)
	}
	if !a.Tunnel.After {
		gap("proxy and tunnel were not seen alive after the window" + detail)
	}
	if p.gap != "" {
		gap(p.gap)
	}
	if p.bodies != nil && slices.ContainsFunc(p.bodies.Resumes(), func(at int64) bool { return at > a.Window.Start && at <= a.Window.End }) {
		gap("the recording stopped, and went on, while the window was open")
	}
	if len(p.missing) > 0 {
		gap(fmt.Sprintf("flow %d is missing in the recording", p.missing[0]))
	}
	return append(out, p.broken(a, func(at *sighting) bool { return p.concerns(a, at) })...)
}

// broken gives the flows that the proxy itself broke in an attempt's window.
func (p *phone) broken(a *Attempt, counts func(*sighting) bool) (out []Reason) {
	for i := range p.seen {
		f := p.seen[i].flow
		if f.Fault == flow.FaultNone || f.Fault == flow.FaultPhone || f.Fault == flow.FaultUpstream || !a.Window.Touches(f) || !counts(&p.seen[i]) {
			continue
		}
		out = append(out, Reason{Code: CodeCaptureGap, Attempt: a.ID, Flow: f.Seq, App: safe.Text(p.seen[i].app),
			Host: safe.Text(p.host(f)), Port: f.Port, Detail: "the proxy itself broke the flow"})
	}
	return out
}

// asked says whether all of a request was read, so that only its answer can be missing.
func asked(f *flow.Flow) bool {
	if f.Kind != flow.KindExchange || f.Request == nil {
		return false
	}
	if b := f.Request.Body; b != nil {
		return !b.Partial
	}
	return !expectsBody(f.Request)
}
