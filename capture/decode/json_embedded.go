package decode

import (
	"bytes"
	"unicode/utf8"
)

// maxEmbedded is how many times a document is looked for inside other text.
const maxEmbedded = 16

// embeddedJSON peels documents that begin inside other text: JSONP, a socket.io packet, a log line, an assignment.
// The documents stand between first and last.
func (p *peeler) embeddedJSON(up *step, t []byte) (found bool, first, last int) {
	if !p.enter() {
		return false, 0, 0
	}
	defer p.leave()
	j := p.reader(t)
	defer p.done(j)
	for from, tries := 0, 0; from < len(t) && tries < maxEmbedded && !p.stop; tries++ {
		i := bytes.IndexAny(t[from:], "{[")
		if i < 0 {
			break
		}
		from += i
		j.at = from
		j.document(up, 0)
		j.step.place, j.step.n = "@", from
		if next := peek(t[from+1:]); next == '"' || next == '{' || next == '[' || next == '\'' || next < utf8.RuneSelf && classes[next]&mAlnum != 0 && t[from] == '{' {
			if j.value() {
				if !found {
					first = from
				}
				from, last, found = j.at, j.at, true
				continue
			}
		}
		from++
	}
	return found, first, last
}

// peek is the first byte that is not space, or 0.
func peek(t []byte) byte {
	for _, c := range t {
		if classes[c]&mSpace == 0 {
			return c
		}
	}
	return 0
}
