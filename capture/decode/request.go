package decode

import (
	"bytes"
	"strings"
)

// Bytes that a value may have without being reported when nothing explains it: shorter ones are digests, identifiers
// and tokens. Headers carry longer credentials that a server gave the phone.
const (
	quietBody   = 64
	quietHeader = 1024
)

func (p *peeler) message(s Sent) {
	switch s.Kind {
	case KindMessage:
		p.whole("message", s.Body)
		return
	case KindRaw:
		p.whole("stream", s.Body)
		return
	}
	p.target(s.Method, s.Target)
	for _, h := range s.Headers {
		p.header("header", h.Name, h.Value)
	}
	p.begin(quietBody)
	p.body(s)
	for _, h := range s.Trailers {
		p.header("trailer", h.Name, h.Value)
	}
}

// whole peels what is a message by itself.
func (p *peeler) whole(op string, body []byte) {
	p.begin(quietBody)
	p.root = p.mk(step{op: op, part: true})
	p.leaf(p.root, body)
	p.root = nil
}

func (p *peeler) begin(quiet int) { p.part++; p.quiet = quiet }

// target shows the request line: the whole URL first, then host, path and query apart.
func (p *peeler) target(method, target string) {
	p.begin(quietHeader)
	if len(method) > 7 {
		p.leaf(p.mk(step{op: "method", part: true}), []byte(method))
	}
	if target == "" {
		return
	}
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	t := p.arena.copyOf(target)
	p.showWhole(p.mk(step{op: "target", part: true}), t)
	u := splitURL(t)
	p.begin(quietHeader)
	p.leaf(p.mk(step{op: "host", part: true}), u.host)
	p.labels(p.mk(step{op: "host", part: true}), u.host)
	if len(u.user) > 0 {
		p.leaf(p.mk(step{op: "userinfo", part: true}), u.user)
	}
	p.begin(quietBody)
	p.pathOf(p.mk(step{op: "path", part: true}), u.path)
	p.query(u.query, "query", nil)
	if len(u.fragment) > 0 {
		p.leaf(p.mk(step{op: "fragment", part: true}), u.fragment)
	}
}

// header shows a header's name, when it is an unusual one, and its value; cookies one by one.
func (p *peeler) header(op, name, value string) {
	p.begin(quietHeader)
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	if len(name) > 12 {
		p.show(Text, p.mk(step{op: op, detail: name, part: true}), p.arena.copyOf(name), false)
	}
	v := p.arena.copyOf(value)
	if strings.EqualFold(name, "cookie") {
		for _, c := range bytes.Split(v, []byte{';'}) {
			k, val, ok := bytes.Cut(trimSpace(c), []byte{'='})
			if !ok {
				k, val = nil, k
			}
			p.leaf(p.mk(step{op: "cookie", detail: string(k), part: true}), bytes.Trim(val, `"`))
			if len(k) > 12 {
				p.show(Text, p.mk(step{op: "cookie", detail: string(k), part: true}), k, false)
			}
		}
		return
	}
	p.leaf(p.mk(step{op: op, detail: name, part: true}), v)
}

// body removes content-encodings as the headers say, and looks for itself where they lie.
func (p *peeler) body(s Sent) {
	if len(s.Body) == 0 {
		return
	}
	h := hints{}
	for _, x := range s.Headers {
		switch {
		case strings.EqualFold(x.Name, "content-encoding"):
			for _, e := range strings.Split(x.Value, ",") {
				if e = strings.ToLower(strings.TrimSpace(e)); e != "" && e != "identity" {
					h.encodings = append(h.encodings, e)
				}
			}
		case strings.EqualFold(x.Name, "content-type"):
			h.contentType = strings.ToLower(x.Value)
		case strings.EqualFold(x.Name, "grpc-encoding"):
			h.grpc = strings.ToLower(strings.TrimSpace(x.Value))
		case strings.EqualFold(x.Name, "content-transfer-encoding"):
			h.transfer = strings.ToLower(strings.TrimSpace(x.Value))
		}
	}
	p.root = p.mk(step{op: "body", part: true})
	p.entity(p.root, s.Body, h)
	p.root = nil
}

// hints are what headers claim about a body. They only add attempts; nothing is left out because of them.
type hints struct {
	encodings   []string // outermost last, as in the header
	contentType string
	grpc        string
	transfer    string
}

// entity peels a body with headers: a request's, or a part of a multipart one.
func (p *peeler) entity(at *step, data []byte, h hints) {
	owner := p.owner
	p.unread, p.owner = nil, at
	mark := p.arena.mark
	for i := len(h.encodings) - 1; i >= 0; i-- {
		out, op, whole := p.contentDecoding(h.encodings[i], data)
		if !whole { // cut short, or the header lies: the bytes speak for themselves
			p.muted++
			p.child(p.mk(step{up: at, op: op}), out)
			p.muted--
			break
		}
		at, data = p.mk(step{up: at, op: op}), out
	}
	if h.transfer == "quoted-printable" {
		if out, ok := p.quotedPrintable(data); ok {
			at, data = p.mk(step{up: at, op: "quoted-printable"}), out
		}
	}
	done := false
	switch {
	case strings.HasPrefix(h.contentType, "application/grpc"):
		done = p.grpc(at, data, h)
	case strings.HasPrefix(h.contentType, "application/x-www-form-urlencoded"):
		// Names too odd to be taken for a form's without being told. What looks like something else is something else.
		if t := trimSpace(data); isText(t, maskOf(t)) && bytes.IndexByte(t, '=') > 0 && bytes.IndexByte([]byte(`{["<`), t[0]) < 0 && !looksForm(t) {
			p.showWhole(at, t)
			done = p.formBody(at, t)
		}
	}
	if !done && !p.value(at, data) {
		p.opaque(at, data)
	}
	p.unread, p.owner = nil, owner
	p.arena.mark = mark
}
