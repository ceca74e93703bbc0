package decode

import (
	"bytes"
	"strings"
)

// maxParts is how many parts of a multipart body are looked into.
const maxParts = 4096

// multipart peels a body that begins with a boundary line, whatever its content type says.
func (p *peeler) multipart(at *step, t []byte) bool {
	start := bytes.Index(t, []byte("--"))
	if start < 0 || start > 256 {
		return false
	}
	t = t[start:]
	eol := bytes.IndexByte(t, '\n')
	if eol < 4 || eol > 200 {
		return false
	}
	boundary := bytes.TrimRight(t[:eol], "\r \t")
	if bytes.Count(t, boundary) < 2 && !bytes.Contains(t, []byte("\r\n\r\n")) || !p.enter() {
		return false
	}
	defer p.leave()
	sep := append([]byte("\n"), boundary...)
	t = t[eol+1:]
	for n := 0; len(t) > 0 && !p.stop; n++ {
		if n >= maxParts {
			p.hit.nodes = true
			return true
		}
		part := t
		i := bytes.Index(t, sep)
		if i >= 0 {
			part, t = t[:i], t[i+len(sep):]
			if e := bytes.IndexByte(t, '\n'); e >= 0 {
				t = t[e+1:]
			} else {
				t = nil
			}
		} else {
			t = nil
		}
		p.mimePart(at, bytes.TrimSuffix(part, []byte("\r")), n)
	}
	return true
}

// mimePart peels one part: its headers, then its body as they describe it.
func (p *peeler) mimePart(up *step, part []byte, n int) {
	at := p.mk(step{up: up, op: "multipart", place: "#", n: n + 1})
	var h hints
	head, body, ok := bytes.Cut(part, []byte("\r\n\r\n"))
	if !ok {
		if head, body, ok = bytes.Cut(part, []byte("\n\n")); !ok {
			head, body = nil, part
		}
	}
	for _, line := range bytes.Split(head, []byte{'\n'}) {
		name, value, ok := bytes.Cut(bytes.TrimRight(line, "\r"), []byte{':'})
		if !ok {
			continue
		}
		v := trimSpace(value)
		switch strings.ToLower(string(name)) {
		case "content-disposition":
			if s := disposition(v); s != "" {
				at.detail, at.place = s, ""
			}
		case "content-type":
			h.contentType = strings.ToLower(string(v))
		case "content-encoding":
			h.encodings = append(h.encodings, strings.ToLower(string(v)))
		case "content-transfer-encoding":
			h.transfer = strings.ToLower(string(v))
		}
		p.leaf(p.mk(step{up: at, op: "part-header", detail: string(name)}), v)
	}
	p.entity(at, body, h)
}

// disposition is the name parameter of a Content-Disposition.
func disposition(v []byte) string {
	i := bytes.Index(v, []byte("name="))
	if i < 0 {
		return ""
	}
	s := v[i+5:]
	if len(s) > 0 && s[0] == '"' {
		s, _, _ = bytes.Cut(s[1:], []byte{'"'})
	} else {
		s, _, _ = bytes.Cut(s, []byte{';'})
	}
	return string(s)
}
