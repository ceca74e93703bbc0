package decode

import "math"

// cborAll reads CBOR (RFC 8949): one or more maps, arrays or tagged values, to the last byte.
func (w *walk) cborAll(b []byte) bool {
	for i := 0; len(b) > 0; i++ {
		if major := b[0] >> 5; major != 4 && major != 5 && major != 6 || i > maxWalkNodes {
			return false
		}
		n := w.cbor(b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	return w.leaves > 0
}

// cborHead reads major type and argument. Size is 0 when there is none; open says that the length is left open.
func cborHead(b []byte) (major byte, arg uint64, size int, open bool) {
	if len(b) == 0 {
		return 0, 0, 0, false
	}
	major, low := b[0]>>5, b[0]&31
	switch {
	case low < 24:
		return major, uint64(low), 1, false
	case low == 31:
		return major, 0, 1, true
	case low > 27 || len(b) < 1+1<<(low-24):
		return 0, 0, 0, false
	}
	n := 1 << (low - 24)
	for _, c := range b[1 : 1+n] {
		arg = arg<<8 | uint64(c)
	}
	return major, arg, 1 + n, false
}

// cbor reads one value and gives its size; 0 when it is none.
func (w *walk) cbor(b []byte) int {
	major, arg, n, open := cborHead(b)
	if n == 0 || !w.down() {
		return 0
	}
	defer w.up()
	switch major {
	case 0, 1:
		if open {
			return 0
		}
		w.unsigned(arg)
		return n
	case 2, 3:
		s, size := cborText(b)
		if size == 0 {
			return 0
		}
		w.bytes(s)
		return size
	case 4, 5:
		return w.cborNest(b, n, arg, open, major == 5)
	case 6:
		if open {
			return 0
		}
		inner := w.cbor(b[n:])
		if inner == 0 {
			return 0
		}
		return n + inner
	}
	switch {
	case open:
		return 0
	case n == 9:
		w.float(arg)
	case n == 5:
		w.float(math.Float64bits(float64(math.Float32frombits(uint32(arg)))))
	default:
		w.leaves++
	}
	return n
}

// cborText reads a text or bytes, joining the pieces of one with its length left open.
func cborText(b []byte) ([]byte, int) {
	major, arg, n, open := cborHead(b)
	if !open {
		if arg > uint64(len(b)-n) {
			return nil, 0
		}
		return b[n : n+int(arg)], n + int(arg)
	}
	var all []byte
	for {
		if n >= len(b) {
			return nil, 0
		}
		if b[n] == 0xff {
			return all, n + 1
		}
		m, l, h, o := cborHead(b[n:])
		if h == 0 || o || m != major || l > uint64(len(b)-n-h) {
			return nil, 0
		}
		all = append(all, b[n+h:n+h+int(l)]...)
		n += h + int(l)
	}
}

func (w *walk) cborNest(b []byte, at int, count uint64, open, isMap bool) int {
	if count > uint64(len(b)) {
		return 0
	}
	for i := 0; open || uint64(i) < count; i++ {
		if at >= len(b) {
			return 0
		}
		if open && b[at] == 0xff {
			return at + 1
		}
		if isMap {
			if m := b[at] >> 5; m == 2 || m == 3 {
				key, n := cborText(b[at:])
				if n == 0 {
					return 0
				}
				w.key(key)
				w.field(key)
				at += n
			} else {
				held := *w // a name that is no text is measured first
				w.dry, w.nodes = true, 0
				n := w.cbor(b[at:])
				*w = held
				if n == 0 {
					return 0
				}
				if _, arg, _, _ := cborHead(b[at:]); m == 0 {
					w.number(arg)
				} else {
					w.field(b[at : at+n])
				}
				at += n
			}
		} else {
			w.index(i)
		}
		n := w.cbor(b[min(at, len(b)):])
		if n == 0 {
			return 0
		}
		w.pop()
		at += n
	}
	return at
}
