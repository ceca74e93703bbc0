package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/capture/record"
)

// capture is what was recorded of one phone. One that cannot be read is empty.
type capture struct {
	epoch time.Time
	flows map[int64]*flow.Flow
}

// at says when something was, by the host's clock.
func (c capture) at(us int64) string {
	if c.epoch.IsZero() {
		return duration(us) + " into the recording"
	}
	return c.epoch.Add(time.Duration(us) * time.Microsecond).UTC().Format("2006-01-02 15:04:05.000 UTC")
}

func (b *Bundle) captureOf(phone string) (c capture) {
	if !plainName(phone) || b.redacted() {
		return c
	}
	sub, err := fs.Sub(b.FS(), phonesName+"/"+phone)
	if err != nil {
		return c
	}
	r, err := record.Open(sub)
	if err != nil {
		return c
	}
	list, err := r.Flows()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c
	}
	c.epoch, c.flows = r.Epoch(), map[int64]*flow.Flow{}
	for i := range list {
		c.flows[list[i].Seq] = &list[i]
	}
	return c
}

// requestView is the request that a finding stands in, with the way to look at it oneself.
type requestView struct {
	Line     string     // method, host and path: text, never a link
	Facts    []factView // when, by whom, how, answered by whom
	Body     string     // path of the stored body in the bundle; empty if it has none
	Commands []string   // that show what the request says, and its record
}

func windowOf(attempts []leak.Attempt, id int64) *flow.Window {
	for i := range attempts {
		if attempts[i].ID == id {
			return &attempts[i].Window
		}
	}
	return nil
}

// viewRequest shows the request of a flow; attempt is the one whose window it was sent in.
func (b *Bundle) viewRequest(phone string, t *told, seq, attempt int64) (v requestView) {
	f := t.capture.flows[seq]
	if f == nil {
		return v
	}
	dir := phonesName + "/" + phone + "/"
	add := func(name, value string) {
		if value != "" {
			v.Facts = append(v.Facts, factView{Name: name, Value: safe.Line(value, 300)})
		}
	}
	when := t.capture.at(f.Start)
	if w := windowOf(t.attempts, attempt); w != nil {
		when += ", " + sinceAction(f.Start, w)
	}
	add("sent", when)
	add("app", attribution(f))
	add("protocol", f.Proto)
	if f.TLS != nil {
		add("TLS, app to proxy", f.TLS.String())
	}
	if f.ServerTLS != nil {
		add("TLS, proxy to server", f.ServerTLS.String())
	}
	if f.TLS == nil && (f.Kind == flow.KindExchange || f.Kind == flow.KindMessage) {
		add("TLS", "none: whoever was on the way could read it")
	}
	add("server", f.Server)
	if f.Response != nil && f.Response.Status > 0 {
		add("answered", strconv.Itoa(f.Response.Status))
	}
	if isDigest(f.ServerCert) {
		v.Facts = append(v.Facts, factView{"server's certificate", f.ServerCert, b.link(dir + "certs/" + f.ServerCert + ".der")})
	}
	v.Commands = []string{
		fmt.Sprintf("telltale decode --flow %d %s%s", seq, dir, flowsName),
		fmt.Sprintf(`grep -F '"seq":%d,' %s%s`, seq, dir, flowsName),
	}
	if f.Request == nil {
		return v
	}
	v.Line = endpoint(f) // no query and no part with a digit: a report shows no raw identifier
	if body := f.Request.Body; body != nil && isDigest(body.SHA256) {
		v.Body = b.link(dir + bodiesName + "/" + body.SHA256)
		size := plural(body.Size, "byte")
		if body.Truncated {
			size += fmt.Sprintf(", of which the first %d are stored", body.Stored)
		}
		add("body", size)
		v.Facts = append(v.Facts, factView{"sha256 of the body", body.SHA256, v.Body})
	}
	return v
}

// sinceAction says where in its window something was sent.
func sinceAction(us int64, w *flow.Window) string {
	switch {
	case us < w.Start:
		return duration(w.Start-us) + " before the window"
	case us > w.End:
		return duration(us-w.End) + " after the window had closed"
	}
	return fmt.Sprintf("%s into a window of %s", duration(us-w.Start), duration(w.End-w.Start))
}

// attribution says which app sent a flow, and how that is known.
func attribution(f *flow.Flow) string {
	uid := ""
	if f.UID > 0 {
		uid = fmt.Sprintf(", uid %d", f.UID)
	}
	switch f.AppBy {
	case flow.ByRelay:
		return f.App + uid + ": the owner of the socket on the phone, exact"
	case flow.ByElimination:
		return f.App + uid + ": the only one whose sockets fit, by elimination"
	}
	return "not known: the phone's socket tables fit no single app"
}
