package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// besideView is an identifier that travelled with what was found. It answers "we anonymise": what names the phone, beside
// what its owner did, in one upload or on one connection.
type besideView struct {
	Name  string // of the identifier, never its value
	Place string // in the upload
	Proof string // what it outlived; empty of one that the phone was asked for
	Shown string // keyed hash and last four characters
	Flow  string // where it is another flow of the same connection
}

// Said is the identifier in one line.
func (v besideView) Said() string {
	text := v.Name
	if v.Shown != "" {
		text = v.Shown
	}
	for _, part := range []string{v.Proof, v.Place, v.Flow} {
		if part != "" {
			text += ", " + part
		}
	}
	return text
}

// maxBeside bounds the identifiers that are listed with one upload.
const maxBeside = 20

// beside lists the identifiers of an upload, and those that its connection carried in other flows.
func (t *told) beside(g *groupView) (upload, connection []besideView) {
	var names []string
	conns := map[int64]bool{}
	mine := map[int64]bool{}
	for _, p := range g.Places {
		names = append(names, p.identity...)
		for _, seq := range p.flows {
			mine[seq] = true
			if f := t.capture.flows[seq]; f != nil {
				conns[f.Conn] = true
			}
		}
	}
	names = sorted(names)
	for _, name := range names[:min(len(names), maxBeside)] {
		v := besideView{Name: safe.Line(name, 100)}
		if f := t.identifier(name, func(f *leak.Finding) bool { return mine[f.Flow] }); f != nil {
			v = viewBeside(f, name)
		} else if f := t.identifier(name, func(f *leak.Finding) bool { return safe.Text(f.Host) == g.Host }); f != nil {
			v = viewBeside(f, name) // learned ones are told once an attempt, not once an upload
			v.Place = ""
		}
		upload = append(upload, v)
	}
	for i := range t.identity {
		f := &t.identity[i]
		at := t.capture.flows[f.Flow]
		if mine[f.Flow] || at == nil || !conns[at.Conn] || !t.sameWay(at, mine) || slices.Contains(names, f.Canary) || len(connection) == maxBeside {
			continue
		}
		names = append(names, f.Canary)
		v := viewBeside(f, f.Canary)
		v.Flow = fmt.Sprintf("in flow %d", f.Flow)
		connection = append(connection, v)
	}
	return upload, connection
}

// sameWay says whether a flow went to the host of one of some flows: a connection to a proxy may carry requests to several.
func (t *told) sameWay(f *flow.Flow, flows map[int64]bool) bool {
	for seq := range flows {
		if g := t.capture.flows[seq]; g != nil && g.Conn == f.Conn && g.Host == f.Host {
			return true
		}
	}
	return false
}

func (t *told) identifier(name string, is func(*leak.Finding) bool) *leak.Finding {
	for i := range t.identity {
		if f := &t.identity[i]; f.Canary == name && is(f) {
			return f
		}
	}
	return nil
}

func viewBeside(f *leak.Finding, name string) besideView {
	v := besideView{Name: safe.Line(name, 100), Place: "at " + safe.Line(f.Location, 300)}
	if f.Proof != nil {
		v.Proof = safe.Line(f.Proof.String(), 200)
	}
	if f.Class == leak.ClassLearned { // the preview is the value as it may be shown, and nothing else
		v.Shown = safe.Line(f.Preview, 100)
	}
	return v
}

// besideNames lists the names of identifiers for a row of a table.
func besideNames(groups ...[]besideView) string {
	var names []string
	for _, g := range groups {
		for _, v := range g {
			names = append(names, v.Name)
		}
	}
	return strings.Join(sorted(names), ", ")
}
