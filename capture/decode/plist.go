package decode

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf16"
)

// plist peels a binary property list, as Apple's SDKs write them.
func (p *peeler) plist(at *step, data []byte) bool {
	if !bytes.HasPrefix(data, []byte("bplist0")) || len(data) < 40 || !p.enter() {
		return false
	}
	defer p.leave()
	t := data[len(data)-32:]
	l := plistReader{b: data, offsetSize: int(t[6]), refSize: int(t[7]), count: binary.BigEndian.Uint64(t[8:]), table: binary.BigEndian.Uint64(t[24:])}
	top := binary.BigEndian.Uint64(t[16:])
	if l.offsetSize < 1 || l.offsetSize > 8 || l.refSize < 1 || l.refSize > 8 || l.count == 0 || l.count > uint64(len(data)) ||
		l.table > uint64(len(data)) || l.count*uint64(l.offsetSize) > uint64(len(data))-l.table || top >= l.count {
		return false
	}
	l.w = walk{p: p}
	l.w.step = p.mk(step{up: at, op: "bplist", path: &l.w.path})
	l.object(top)
	return l.w.leaves > 0
}

type plistReader struct {
	w                   walk
	b                   []byte
	offsetSize, refSize int
	count, table        uint64
}

func bigEndian(b []byte) uint64 {
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// at gives the bytes of an object, from its marker on.
func (l *plistReader) at(ref uint64) []byte {
	if ref >= l.count {
		return nil
	}
	i := l.table + ref*uint64(l.offsetSize)
	off := bigEndian(l.b[i : i+uint64(l.offsetSize)])
	if off >= uint64(len(l.b)) {
		return nil
	}
	return l.b[off:]
}

// length reads the length in or after a marker, and gives what follows it.
func plistLength(b []byte) (int, []byte, bool) {
	if n := int(b[0] & 15); n != 15 {
		return n, b[1:], true
	}
	if len(b) < 2 || b[1]>>4 != 1 {
		return 0, nil, false
	}
	size := 1 << (b[1] & 15)
	if size > 8 || len(b) < 2+size {
		return 0, nil, false
	}
	n := bigEndian(b[2 : 2+size])
	return int(min(n, 1<<31)), b[2+size:], true
}

func (l *plistReader) object(ref uint64) {
	b := l.at(ref)
	if b == nil || !l.w.down() {
		return
	}
	defer l.w.up()
	kind := b[0] >> 4
	if kind == 1 || kind == 2 || kind == 3 {
		size := 1 << (b[0] & 15)
		if size > 16 || len(b) < 1+size {
			return
		}
		v := bigEndian(b[1+max(0, size-8) : 1+size])
		switch {
		case kind == 1:
			l.w.unsigned(v)
		case size == 4:
			l.w.float(math.Float64bits(float64(math.Float32frombits(uint32(v)))))
		default:
			l.w.float(v)
		}
		return
	}
	n, rest, ok := plistLength(b)
	if !ok {
		return
	}
	switch kind {
	case 4, 5, 7: // data, ASCII, UTF-8
		if n <= len(rest) {
			l.w.bytes(rest[:n])
		}
	case 6: // UTF-16, big end first
		if 2*n <= len(rest) && l.w.p.spend(2*n) {
			units := make([]uint16, n)
			for i := range units {
				units[i] = binary.BigEndian.Uint16(rest[2*i:])
			}
			l.w.bytes([]byte(string(utf16.Decode(units))))
		}
	case 10, 12: // array, set
		if n*l.refSize <= len(rest) {
			for i := range n {
				l.w.index(i)
				l.object(bigEndian(rest[i*l.refSize : (i+1)*l.refSize]))
				l.w.pop()
			}
		}
	case 13: // dict: keys, then values
		if 2*n*l.refSize <= len(rest) {
			for i := range n {
				key := l.text(bigEndian(rest[i*l.refSize : (i+1)*l.refSize]))
				l.w.key(key)
				l.w.field(key)
				v := rest[(n+i)*l.refSize:]
				l.object(bigEndian(v[:l.refSize]))
				l.w.pop()
			}
		}
	}
}

// text is an object that is a name.
func (l *plistReader) text(ref uint64) []byte {
	b := l.at(ref)
	if b == nil || b[0]>>4 != 5 && b[0]>>4 != 7 {
		return nil
	}
	n, rest, ok := plistLength(b)
	if !ok || n > len(rest) {
		return nil
	}
	return rest[:n]
}
