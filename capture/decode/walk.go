package decode

import (
	"math"
	"strconv"
)

// walk goes through a value in a binary format and shows its leaves, or, when dry, only counts them.
type walk struct {
	p     *peeler
	step  *step
	path  path
	dry   bool
	depth int
	nodes int

	leaves int
	text   int // bytes in leaves that read as text
	other  int // bytes in leaves that do not
	dull   int // leaves that are small numbers or empty
}

const (
	maxWalkDepth = 64
	maxWalkNodes = 1 << 20
)

// sound says whether a dry reading is one that its sender meant: chance seldom makes text, or few leaves of many bytes.
func (w *walk) sound(size int) bool {
	if w.leaves == 0 || w.depthHit() {
		return false
	}
	return w.text*4 >= size || size >= 8*w.leaves && size < 1<<10 && w.text+w.other > 0 || w.text == 0 && w.other == 0 && w.leaves*12 >= size
}

func (w *walk) depthHit() bool { return w.nodes > maxWalkNodes }

// down enters a nested value; up must be called when it returns true.
func (w *walk) down() bool {
	w.nodes++
	if w.depth >= maxWalkDepth || w.nodes > maxWalkNodes || !w.dry && w.p.stop {
		if !w.dry && w.depth >= maxWalkDepth {
			w.p.hit.depth = true
		}
		return false
	}
	w.depth++
	return true
}

func (w *walk) up() { w.depth-- }

func (w *walk) push(e elem) {
	if !w.dry {
		w.path.elems = append(w.path.elems, e)
	}
}

func (w *walk) pop() {
	if !w.dry {
		w.path.elems = w.path.elems[:len(w.path.elems)-1]
	}
}

func (w *walk) index(i int)    { w.push(elem{index: i}) }
func (w *walk) field(k []byte) { w.push(elem{key: k, index: -1}) }
func (w *walk) number(n uint64) {
	if !w.dry {
		w.push(elem{key: strconv.AppendUint(nil, n, 10), index: -1})
	}
}

// bytes is a leaf of text or bytes.
func (w *walk) bytes(b []byte) {
	w.leaves++
	w.nodes++
	if w.dry {
		switch {
		case len(b) == 0:
			w.dull++
		case looksText(b):
			w.text += len(b)
		default:
			w.other += len(b)
		}
		return
	}
	w.p.leaf(w.step, b)
}

// key is the name of a member.
func (w *walk) key(b []byte) {
	if w.dry {
		if looksText(b) {
			w.text += len(b)
		}
		return
	}
	if len(b) >= minValue {
		w.push(elem{note: "key", index: -1})
		w.p.show(Text, w.step, b, false)
		w.pop()
	}
}

// unsigned is a leaf that is a whole number.
func (w *walk) unsigned(n uint64) { w.readings(n, n) }

func (w *walk) readings(n, other uint64) {
	w.leaves++
	w.nodes++
	if w.dry {
		w.dull++
		return
	}
	w.p.decimal = strconv.AppendUint(w.p.decimal[:0], n, 10)
	w.p.showInt(w.step, w.p.decimal, n, other)
}

// varint is a leaf of protobuf, which does not say whether it means a number as it is or in zigzag.
func (w *walk) varint(n uint64) { w.readings(n, n>>1^-(n&1)) }

// float is a leaf of 64 bits of floating point: its bits, and the whole number it may be.
func (w *walk) float(bits uint64) {
	f := math.Float64frombits(bits)
	if f >= 1 && f < 1<<63 && f == math.Trunc(f) {
		w.readings(uint64(f), bits)
		return
	}
	w.unsigned(bits)
}
