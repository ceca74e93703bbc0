package evidence

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/capture/record"
)

// requestView is the request that a finding stands in, with the way to look at it oneself.
type requestView struct {
	Line   string // method, host and path: text, never a link
	Facts  string // answer, time, TLS, certificate
	Body   string // path of the stored body in the bundle; empty if it has none
	Decode string // the command that shows what the body says
}

// viewRequests fills in the requests of all findings. A recording that cannot be read leaves them empty: the verdicts
// stand without.
func (b *Bundle) viewRequests(cells []cellView, attempts map[string][]leak.Attempt) {
	flows := map[string]map[int64]*flow.Flow{}
	for _, c := range cells {
		if flows[c.Phone] == nil {
			flows[c.Phone] = b.flowsOf(c.Phone)
		}
		for i := range c.Claims {
			for k := range c.Claims[i].Findings {
				f := &c.Claims[i].Findings[k]
				if at := flows[c.Phone][f.flows[0]]; at != nil {
					f.Request = b.viewRequest(c.Phone, at, windowOf(attempts[c.Phone], f.attempts[0]))
				}
			}
		}
	}
}

func (b *Bundle) flowsOf(phone string) map[int64]*flow.Flow {
	out := map[int64]*flow.Flow{}
	if !plainName(phone) || b.redacted() {
		return out
	}
	sub, err := fs.Sub(b.FS(), phonesName+"/"+phone)
	if err != nil {
		return out
	}
	r, err := record.Open(sub)
	if err != nil {
		return out
	}
	list, err := r.Flows()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out
	}
	for i := range list {
		out[list[i].Seq] = &list[i]
	}
	return out
}

func windowOf(attempts []leak.Attempt, id int64) *flow.Window {
	for i := range attempts {
		if attempts[i].ID == id {
			return &attempts[i].Window
		}
	}
	return nil
}

func (b *Bundle) viewRequest(phone string, f *flow.Flow, w *flow.Window) requestView {
	var v requestView
	v.Facts = "begun at " + duration(f.Start) + " of the recording"
	if w != nil {
		v.Facts += fmt.Sprintf(", in a window from %s to %s", duration(w.Start), duration(w.End))
	}
	if f.Response != nil && f.Response.Status > 0 {
		v.Facts += fmt.Sprintf(" \u00b7 answered %d", f.Response.Status)
	}
	if f.TLS != nil && f.TLS.Version != "" {
		v.Facts += " \u00b7 " + safe.Line(f.TLS.Version, 20)
	}
	if f.ServerCert != "" {
		v.Facts += " \u00b7 server certificate " + safe.Line(f.ServerCert, 64)
	}
	if f.Request == nil {
		return v
	}
	v.Line = endpoint(f) // no query and no part with a digit: a report shows no raw identifier
	if body := f.Request.Body; body != nil && isDigest(body.SHA256) {
		name := phonesName + "/" + phone + "/" + bodiesName + "/" + body.SHA256
		if info, err := b.root.Lstat(name); err == nil && info.Mode().IsRegular() {
			v.Body, v.Decode = name, "telltale decode "+name
		}
	}
	return v
}
