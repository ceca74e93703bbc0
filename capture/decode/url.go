package decode

import (
	"bytes"
)

// urlParts are slices of a URL, nothing decoded.
type urlParts struct{ scheme, user, host, port, path, query, fragment []byte }

// splitURL cuts a URL without refusing any: what a phone sends need not be well-formed.
func splitURL(t []byte) (u urlParts) {
	if i := bytes.Index(t, []byte("://")); i >= 0 && bytes.IndexAny(t[:i], "/?#") < 0 {
		u.scheme = t[:i]
		t = t[i+3:]
		end := bytes.IndexAny(t, "/?#")
		if end < 0 {
			end = len(t)
		}
		auth := t[:end]
		t = t[end:]
		if i := bytes.LastIndexByte(auth, '@'); i >= 0 {
			u.user, auth = auth[:i], auth[i+1:]
		}
		u.host = auth
		if i := bytes.LastIndexByte(auth, ':'); i >= 0 && bytes.IndexByte(auth[i:], ']') < 0 {
			u.host, u.port = auth[:i], auth[i+1:]
		}
	}
	if i := bytes.IndexByte(t, '#'); i >= 0 {
		t, u.fragment = t[:i], t[i+1:]
	}
	if i := bytes.IndexByte(t, '?'); i >= 0 {
		t, u.query = t[:i], t[i+1:]
	}
	u.path = t
	return u
}

// url peels a URL that stands in a value.
func (p *peeler) url(at *step, t []byte) {
	if !p.enter() {
		return
	}
	defer p.leave()
	u := splitURL(t)
	p.labels(p.mk(step{up: at, op: "url", place: "host"}), u.host)
	if len(u.path) > shortWord {
		p.pathOf(p.mk(step{up: at, op: "url", place: "path"}), u.path)
	}
	if len(u.query) > 0 {
		p.query(u.query, "query", p.mk(step{up: at, op: "url"}))
	}
	if len(u.fragment) >= shortWord {
		p.child(p.mk(step{up: at, op: "url", place: "fragment"}), u.fragment)
	}
}

// pathOf peels a path: whole, then each segment and its matrix parameters.
func (p *peeler) pathOf(at *step, path []byte) {
	p.showWhole(at, path)
	if bytes.IndexByte(path, '%') >= 0 {
		mark := p.arena.mark
		if out, ok := p.percent(path); ok {
			p.showWhole(p.mk(step{up: at, op: "percent"}), out)
		}
		p.arena.mark = mark
	}
	i := 0
	for len(path) > 0 && !p.stop {
		var seg []byte
		seg, path, _ = bytes.Cut(path, []byte{'/'})
		if len(seg) >= shortWord {
			p.leaf(p.mk(step{up: at, place: "segment ", n: i}), seg)
		}
		i++
	}
}

// labels peels the labels of a host name: data has been smuggled out as names to look up.
func (p *peeler) labels(at *step, host []byte) {
	if len(host) < 16 {
		return
	}
	var joined []byte
	n := 0
	for more := true; more; {
		var l []byte
		if l, host, more = bytes.Cut(host, []byte{'.'}); len(l) < 12 {
			break
		}
		joined = append(joined, l...)
		if n++; n > 64 {
			break
		}
		p.child(p.mk(step{up: at, op: "label"}), l)
	}
	if n > 1 {
		p.child(p.mk(step{up: at, op: "labels"}), joined)
	}
}
