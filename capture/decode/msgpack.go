package decode

import (
	"encoding/binary"
	"math"
)

// msgpackAll reads MessagePack: one or more maps or arrays, to the last byte.
func (w *walk) msgpackAll(b []byte) bool {
	for i := 0; len(b) > 0; i++ {
		if c := b[0]; !(c >= 0x80 && c <= 0x9f || c >= 0xdc && c <= 0xdf) || i > maxWalkNodes {
			return false
		}
		n := w.msgpack(b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	return w.leaves > 0
}

// msgpack reads one value and gives its size; 0 when it is none.
func (w *walk) msgpack(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	c := b[0]
	switch {
	case c < 0x80:
		w.unsigned(uint64(c))
		return 1
	case c < 0x90:
		return w.msgpackNest(b, 1, int(c&15), true)
	case c < 0xa0:
		return w.msgpackNest(b, 1, int(c&15), false)
	case c < 0xc0:
		return w.msgpackText(b, 1, uint64(c&31))
	case c >= 0xe0:
		w.unsigned(uint64(int64(int8(c))))
		return 1
	}
	size := func(n int) (uint64, bool) {
		if len(b) < 1+n {
			return 0, false
		}
		var v uint64
		for _, x := range b[1 : 1+n] {
			v = v<<8 | uint64(x)
		}
		return v, true
	}
	switch c {
	case 0xc0, 0xc2, 0xc3:
		w.leaves++
		return 1
	case 0xc4, 0xc5, 0xc6, 0xd9, 0xda, 0xdb: // bin, str
		n := 1 << ((c - 0xc4) & 3)
		if c >= 0xd9 {
			n = 1 << (c - 0xd9)
		}
		l, ok := size(n)
		if !ok {
			return 0
		}
		return w.msgpackText(b, 1+n, l)
	case 0xc7, 0xc8, 0xc9: // ext
		n := 1 << (c - 0xc7)
		l, ok := size(n)
		if !ok {
			return 0
		}
		return w.msgpackText(b, 2+n, l)
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8: // fixext
		return w.msgpackText(b, 2, 1<<(c-0xd4))
	case 0xca:
		v, ok := size(4)
		if !ok {
			return 0
		}
		w.float(math.Float64bits(float64(math.Float32frombits(uint32(v)))))
		return 5
	case 0xcb:
		v, ok := size(8)
		if !ok {
			return 0
		}
		w.float(v)
		return 9
	case 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3: // uint, int
		n := 1 << ((c - 0xcc) & 3)
		v, ok := size(n)
		if !ok {
			return 0
		}
		w.unsigned(v)
		return 1 + n
	case 0xdc, 0xdd, 0xde, 0xdf: // array, map
		n := 2 << ((c - 0xdc) & 1)
		l, ok := size(n)
		if !ok || l > uint64(len(b)) {
			return 0
		}
		return w.msgpackNest(b, 1+n, int(l), c >= 0xde)
	}
	return 0
}

func (w *walk) msgpackText(b []byte, head int, l uint64) int {
	if head > len(b) || l > uint64(len(b)-head) {
		return 0
	}
	w.bytes(b[head : head+int(l)])
	return head + int(l)
}

func (w *walk) msgpackNest(b []byte, at, count int, isMap bool) int {
	if !w.down() {
		return 0
	}
	defer w.up()
	for i := range count {
		if isMap {
			key, n := msgpackKey(b[at:])
			if n == 0 {
				w.push(elem{note: "key", index: -1})
				if n = w.msgpack(b[min(at, len(b)):]); n == 0 {
					return 0
				}
				w.pop()
				key = b[at : at+n]
			} else {
				w.key(key)
			}
			at += n
			w.field(key)
		} else {
			w.index(i)
		}
		n := w.msgpack(b[min(at, len(b)):])
		if n == 0 {
			return 0
		}
		w.pop()
		at += n
	}
	return at
}

// msgpackKey reads a key that is text, as nearly all are.
func msgpackKey(b []byte) ([]byte, int) {
	if len(b) == 0 {
		return nil, 0
	}
	head, l := 1, 0
	switch c := b[0]; {
	case c >= 0xa0 && c < 0xc0:
		l = int(c & 31)
	case c == 0xd9 && len(b) > 1:
		head, l = 2, int(b[1])
	case c == 0xda && len(b) > 2:
		head, l = 3, int(binary.BigEndian.Uint16(b[1:]))
	default:
		return nil, 0
	}
	if head+l > len(b) {
		return nil, 0
	}
	return b[head : head+l], head + l
}
