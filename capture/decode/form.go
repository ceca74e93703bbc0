package decode

import (
	"bytes"
	"unicode/utf8"
)

// looksForm says whether text is name=value pairs, as a form or a query: a plain name before the first =, no space.
func looksForm(t []byte) bool {
	i := bytes.IndexByte(t, '=')
	if i <= 0 || i > 64 {
		return false
	}
	for _, c := range t[:i] {
		if classes[c]&(mAlnum|mUnder|mMinus|mDot|mPct|mOpen|mPlus) == 0 && c != '$' && c != ']' {
			return false
		}
	}
	return bytes.IndexByte(t, ' ') < 0 && i < len(t)-1 && t[i+1] != '='
}

// formBody peels a form. It says whether it could.
func (p *peeler) formBody(at *step, t []byte) bool {
	p.query(t, "form", at)
	return true
}

// query peels name=value pairs separated by &. Up is nil for the query of the request line, which is a part of its own.
func (p *peeler) query(t []byte, op string, up *step) {
	if up != nil && !p.enter() {
		p.show(Text, up, t, false)
		return
	}
	if up != nil {
		defer p.leave()
	}
	var kin envelope
	whole := t
	defer func() { p.named(&kin, up, whole) }()
	for len(t) > 0 && !p.stop {
		var pair []byte
		pair, t, _ = bytes.Cut(t, []byte{'&'})
		k, v, ok := bytes.Cut(pair, []byte{'='})
		mark := p.arena.mark
		name := k
		if n, ok := p.percent(k); ok {
			name = n
		}
		kin.see(name)
		at := p.mk(step{up: up, op: op, detail: string(name), part: up == nil})
		if !ok || len(name) >= 16 || len(name) >= minValue && bytes.IndexByte(k, '%') >= 0 {
			p.leaf(p.mk(step{up: up, op: op, part: up == nil}), name)
		}
		p.formValue(at, v)
		p.arena.mark = mark
	}
}

// formValue peels one value. A plus may be a space or, from careless senders of base64, itself: both are looked at.
func (p *peeler) formValue(at *step, v []byte) {
	if len(v) < minValue {
		return
	}
	if bytes.IndexByte(v, '+') >= 0 {
		spaced, ok := p.plus(v)
		if ok {
			if out, ok := p.percent(spaced); ok {
				spaced = out
			}
			if m := maskOf(spaced); m&^(mB64|mSpace) != 0 || m&mSpace == 0 {
				p.spacedValue(at, v, spaced) // not base64
				return
			}
			p.show(Text, at, spaced, false)
		}
	}
	out, ok := p.percent(v)
	if !ok {
		out = v
	} else if bytes.Contains(out, []byte("%u")) && !utf8.Valid(out) { // escape() writes %XX for Latin-1
		if u, ok := p.percentU(v); ok {
			at, out = p.mk(step{up: at, op: "percent-u"}), u
		}
	}
	p.leaf(at, out)
}

// spacedValue peels a value whose plus signs are spaces, and for what that gives away as they are. If either makes sense,
// the other is no reason to say that something could not be read.
func (p *peeler) spacedValue(at *step, v, spaced []byte) {
	p.unread = nil
	clear := p.value(at, spaced)
	unread := p.unread
	if out, ok := p.percent(v); ok && bytes.IndexByte(out, '+') >= 0 {
		p.muted++
		clear = p.child(p.mk(step{up: at, op: "percent"}), out) || clear
		p.muted--
	}
	if p.unread = unread; !clear {
		p.opaque(at, spaced)
	}
	p.unread = nil
}

// pairs peels the values of name=value lists with other separators: cookies, matrix parameters, header parameters, lines.
func (p *peeler) pairs(at *step, t []byte, m mask) {
	if !p.enter() {
		return
	}
	defer p.leave()
	for len(t) > 0 && !p.stop {
		i := bytes.IndexAny(t, ";\n")
		pair := t
		if i >= 0 {
			pair, t = t[:i], t[i+1:]
		} else {
			t = nil
		}
		k, v, ok := bytes.Cut(trimSpace(pair), []byte{'='})
		if !ok || len(k) == 0 || len(k) > 64 || bytes.IndexAny(k, " \t") >= 0 || len(v) < shortWord {
			continue
		}
		p.child(p.mk(step{up: at, op: "pairs", detail: string(k)}), bytes.Trim(v, `"`))
	}
}

// marked peels fields of a message as addresses of Google Maps have them: !1m2!1swords!2i14, a number, a letter for the
// type, and the value, in which *21 stands for the mark and *2A for itself.
func (p *peeler) marked(at *step, t []byte) {
	if !p.enter() {
		return
	}
	defer p.leave()
	for _, field := range bytes.Split(t[1:], []byte{'!'}) {
		i := 0
		for i < len(field) && field[i] >= '0' && field[i] <= '9' {
			i++
		}
		if i == 0 || len(field)-i-1 < minValue || p.stop {
			continue
		}
		v := field[i+1:]
		if bytes.IndexByte(v, '*') >= 0 {
			v = bytes.ReplaceAll(bytes.ReplaceAll(v, []byte("*21"), []byte("!")), []byte("*2A"), []byte("*"))
		}
		p.child(p.mk(step{up: at, op: "pairs", detail: string(field[:i+1])}), v)
	}
}
