package decode

import "strconv"

// minByteArray is the fewest numbers of a list that are taken for bytes.
const minByteArray = 12

// byteArray peels a list of numbers that are bytes, signed as Java has them or not: [31, -117, 8 ...].
func (j *jsonReader) byteArray() bool {
	t := j.t[j.at+1:]
	if c := peek(t); c != '-' && (c < '0' || c > '9') {
		return false
	}
	return j.bytes(t, 1, func(t []byte, i int) int { return 0 })
}

// indexed peels an object that is a list of bytes by index, as JavaScript writes a Uint8Array: {"0":31,"1":139 ...}. The
// name "0" has been read.
func (j *jsonReader) indexed() bool {
	t := j.t[j.at:]
	return j.bytes(t, 0, func(t []byte, i int) int {
		n := skipSpace(t, 0)
		if i > 0 {
			name := strconv.AppendInt(append(make([]byte, 0, 12), '"'), int64(i), 10)
			name = append(name, '"')
			if len(t)-n < len(name) || string(t[n:n+len(name)]) != string(name) {
				return -1
			}
			n = skipSpace(t, n+len(name))
		}
		if n >= len(t) || t[n] != ':' {
			return -1
		}
		return n + 1
	})
}

// bytes reads numbers up to the closing bracket; before gives the size of what stands before the number i, or -1.
func (j *jsonReader) bytes(t []byte, head int, before func(t []byte, i int) int) bool {
	count := 0
	at, ok := j.eachByte(t, head, before, func(byte) { count++ })
	if !ok || count < minByteArray {
		return false
	}
	mark := j.p.arena.mark
	defer func() { j.p.arena.mark = mark }()
	out := j.p.alloc(count)
	if out == nil {
		return false
	}
	out = out[:0]
	j.eachByte(t, head, before, func(b byte) { out = append(out, b) })
	if !promising(out) && len(out) <= quietBody {
		j.p.show(Bytes, j.p.mk(step{up: j.step, op: "byte-array"}), out, false)
		return false
	}
	j.at += head + at + 1
	j.p.leaf(j.p.mk(step{up: j.step, op: "byte-array"}), out)
	return true
}

// eachByte gives the place of the closing bracket, if all before it are bytes.
func (j *jsonReader) eachByte(t []byte, head int, before func(t []byte, i int) int, take func(byte)) (int, bool) {
	for at, i := 0, 0; ; i++ {
		n := before(t[at:], i)
		if n < 0 {
			return 0, false
		}
		at = skipSpace(t, at+n)
		v, size := smallInt(t[at:])
		if size == 0 {
			return 0, false
		}
		at = skipSpace(t, at+size)
		if at >= len(t) {
			return 0, false
		}
		take(byte(v))
		if t[at] == ',' {
			at++
			continue
		}
		return at, t[at] == ']' && head == 1 || t[at] == '}' && head == 0
	}
}

func skipSpace(t []byte, at int) int {
	for at < len(t) && classes[t[at]]&mSpace != 0 {
		at++
	}
	return at
}

// smallInt reads a number from -128 to 255 and gives its size; 0 when there is none.
func smallInt(t []byte) (v, size int) {
	i := 0
	if i < len(t) && t[i] == '-' {
		i++
	}
	for ; i < len(t) && i < 5 && t[i] >= '0' && t[i] <= '9'; i++ {
		v = v*10 + int(t[i]-'0')
	}
	if i == 0 || t[0] == '-' && (i == 1 || v > 128) || v > 255 {
		return 0, 0
	}
	if t[0] == '-' {
		v = -v
	}
	return v, i
}
