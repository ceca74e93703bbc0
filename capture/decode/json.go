package decode

import (
	"bytes"
	"strconv"
)

// maxJSONDepth is how deep arrays and objects may nest.
const maxJSONDepth = 200

// jsonReader reads JSON as senders write it, not only as RFC 8259 has it: unquoted and single-quoted names, trailing
// commas, NaN and undefined are taken as they come. It shows leaves while it reads.
type jsonReader struct {
	p    *peeler
	t    []byte
	at   int
	path path
	step *step
	from int // depth of nesting
}

// jsonText peels text that is one JSON document or several after each other, with lines that are not JSON between them.
// It says whether all of the text was read.
func (p *peeler) jsonText(up *step, t []byte) bool {
	if !p.enter() {
		return false
	}
	defer p.leave()
	j := p.reader(t)
	defer p.done(j)
	docs, torn := 0, false
	for !p.stop {
		j.between()
		if j.at >= len(t) {
			return docs > 0
		}
		j.document(up, docs)
		start := j.at
		if c := t[start]; (c == '{' || c == '[' || c == '"') && j.value() && j.bounded() {
			docs++
			continue
		}
		line := t[start:]
		end := bytes.IndexByte(line, '\n')
		if end >= 0 {
			line = line[:end]
		}
		if docs == 0 && end < 0 {
			return false
		}
		if docs > 0 || end >= 0 {
			at := p.mk(step{up: up, op: "line", place: "#", n: docs + 1})
			if docs > 0 && end >= 0 && !torn && isBinary(line) {
				torn = true // a line end may stand inside of what begins here
				if covered, _ := p.streams(at, t[start-1:]); covered > end {
					j.at = min(start+covered, len(t))
					continue
				}
			}
			p.leaf(at, line)
		}
		if end < 0 {
			return docs > 0
		}
		j.at = start + end + 1
	}
	return true
}

// reader gives a reader, with the path of one that is done.
func (p *peeler) reader(t []byte) *jsonReader {
	if n := len(p.readers); n > 0 {
		j := p.readers[n-1]
		p.readers = p.readers[:n-1]
		*j = jsonReader{p: p, t: t, path: path{j.path.elems[:0]}}
		return j
	}
	return &jsonReader{p: p, t: t}
}

// done keeps a reader for the next document.
func (p *peeler) done(j *jsonReader) {
	elems := j.path.elems[:cap(j.path.elems)]
	clear(elems)
	*j = jsonReader{path: path{elems[:0]}}
	p.readers = append(p.readers, j)
}

// document begins a document of a stream.
func (j *jsonReader) document(up *step, docs int) {
	j.path.elems = j.path.elems[:0]
	j.from = 0
	j.step = j.p.mk(step{up: up, op: "json", path: &j.path})
	if docs > 0 {
		j.step.place, j.step.n = "#", docs+1
	}
}

// bounded says whether what follows a document may follow one.
func (j *jsonReader) bounded() bool {
	return j.at >= len(j.t) || classes[j.t[j.at]]&(mSpace|mSep|mOpen|mCtrl) != 0 || j.t[j.at] == ',' || j.t[j.at] == ';'
}

func (j *jsonReader) between() {
	for j.at < len(j.t) && (classes[j.t[j.at]]&(mSpace|mSep|mCtrl) != 0 || j.t[j.at] == ',' || j.t[j.at] == ';') {
		j.at++
	}
}

func (j *jsonReader) space() {
	for j.at < len(j.t) && (j.t[j.at] == ' ' || j.t[j.at] == '\n' || j.t[j.at] == '\t' || j.t[j.at] == '\r') {
		j.at++
	}
}

func (j *jsonReader) value() bool {
	j.space()
	if j.at >= len(j.t) || j.p.stop {
		return false
	}
	switch c := j.t[j.at]; c {
	case '{':
		return j.nested(j.object)
	case '[':
		return j.nested(j.array)
	case '"', '\'':
		mark := j.p.arena.mark
		s, ok := j.text(c)
		if ok && len(s) >= minValue {
			j.p.leaf(j.step, s)
		}
		j.p.arena.mark = mark
		return ok
	}
	return j.bare()
}

func (j *jsonReader) nested(read func() bool) bool {
	if j.from >= maxJSONDepth {
		j.p.hit.depth = true
		return false
	}
	j.from++
	ok := read()
	j.from--
	return ok
}

func (j *jsonReader) object() bool {
	start := j.at
	j.at++
	n := len(j.path.elems)
	var kin envelope
	for {
		j.space()
		if j.at >= len(j.t) {
			return false
		}
		c := j.t[j.at]
		if c == '}' {
			j.at++
			j.path.elems = j.path.elems[:n]
			j.p.named(&kin, j.step, j.t[start:j.at])
			return true
		}
		if c == ',' {
			j.at++
			continue
		}
		key, ok := j.name(c)
		if !ok {
			return false
		}
		if len(key) == 1 && key[0] == '0' && j.indexed() {
			j.path.elems = j.path.elems[:n]
			return true
		}
		j.space()
		if j.at >= len(j.t) || j.t[j.at] != ':' {
			return false
		}
		j.at++
		kin.see(key)
		if len(key) >= minValue {
			j.path.elems = append(j.path.elems[:n], elem{key: key, index: -1}, elem{note: "key", index: -1})
			j.showKey(key)
		}
		j.path.elems = append(j.path.elems[:n], elem{key: key, index: -1})
		if !j.value() {
			return false
		}
		j.path.elems = j.path.elems[:n]
	}
}

// showKey shows a name; a long one may hold anything that a value may.
func (j *jsonReader) showKey(key []byte) {
	if len(key) < 24 {
		j.p.show(Text, j.step, key, false)
		return
	}
	j.p.leaf(j.step, key)
}

func (j *jsonReader) name(c byte) ([]byte, bool) {
	if c == '"' || c == '\'' {
		return j.text(c)
	}
	start := j.at
	for j.at < len(j.t) && (classes[j.t[j.at]]&(mAlnum|mUnder|mDot|mMinus|mHigh) != 0 || j.t[j.at] == '$') {
		j.at++
	}
	return j.t[start:j.at], j.at > start
}

func (j *jsonReader) array() bool {
	if ok := j.byteArray(); ok {
		return true
	}
	j.letters()
	j.at++
	n := len(j.path.elems)
	j.path.elems = append(j.path.elems, elem{})
	for i := 0; ; {
		j.space()
		if j.at >= len(j.t) {
			return false
		}
		switch j.t[j.at] {
		case ']':
			j.at++
			j.path.elems = j.path.elems[:n]
			return true
		case ',':
			j.at++
			i++
			continue
		}
		j.path.elems = append(j.path.elems[:n], elem{index: i})
		if !j.value() {
			return false
		}
	}
}

// text reads a string. Without escapes it is a slice of the input, otherwise it is in the arena.
func (j *jsonReader) text(quote byte) ([]byte, bool) {
	t := j.t[j.at+1:]
	end := bytes.IndexByte(t, quote)
	if end < 0 {
		return nil, false
	}
	if bytes.IndexByte(t[:end], '\\') < 0 {
		j.at += end + 2
		return t[:end], true
	}
	for i := bytes.IndexByte(t, '\\'); ; {
		if i >= len(t) {
			return nil, false
		}
		switch t[i] {
		case '\\':
			i += 2
			continue
		case quote:
			j.at += i + 2
			if s, ok := j.p.backslash(t[:i]); ok {
				return s, true
			}
			return t[:i], true
		}
		q := bytes.IndexByte(t[i:], quote)
		if q < 0 {
			return nil, false
		}
		if b := bytes.IndexByte(t[i:i+q], '\\'); b >= 0 {
			q = b
		}
		i += q
	}
}

// bare reads a number, a literal or an unquoted word.
func (j *jsonReader) bare() bool {
	start := j.at
	number := true
	for j.at < len(j.t) {
		c := j.t[j.at]
		if classes[c]&(mAlnum|mDot|mPlus|mMinus|mUnder) == 0 && c != '$' {
			break
		}
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '-' && c != '+' {
			number = false
		}
		j.at++
	}
	w := j.t[start:j.at]
	if len(w) < minValue {
		return len(w) > 0
	}
	if !number {
		if c := w[0]; c >= '0' && c <= '9' {
			return false
		}
		j.p.show(Text, j.step, w, false)
		return true
	}
	j.p.show(Text, j.step, w, false)
	if n, ok := wholeNumber(w); ok {
		j.p.decimal = strconv.AppendUint(j.p.decimal[:0], n, 10)
		j.p.showInt(j.step, j.p.decimal, n)
	}
	return true
}

// wholeNumber reads a number written with a point or an exponent that is nevertheless whole: 8.67254269213547E14.
func wholeNumber(w []byte) (uint64, bool) {
	if bytes.IndexAny(w, ".eE") < 0 {
		return 0, false
	}
	var n uint64
	scale, i, point := 0, 0, false
	for ; i < len(w); i++ {
		c := w[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		if n > (1<<63)/10 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
		if point {
			scale--
		}
	}
	if i < len(w) {
		e, err := strconv.Atoi(string(w[i+1:]))
		if w[i]|0x20 != 'e' || err != nil || e > 40 || e < -40 {
			return 0, false
		}
		scale += e
	}
	for ; scale > 0; scale-- {
		if n > (1<<63)/10 {
			return 0, false
		}
		n *= 10
	}
	for ; scale < 0; scale++ {
		if n%10 != 0 {
			return 0, false
		}
		n /= 10
	}
	return n, true
}
