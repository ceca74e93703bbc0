package decode

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// bson peels a BSON document, or several in a row.
func (p *peeler) bson(at *step, data []byte) bool {
	dry := walk{p: p, dry: true}
	if !dry.bsonAll(data) || dry.leaves == 0 || !p.enter() {
		return false
	}
	defer p.leave()
	w := walk{p: p}
	w.step = p.mk(step{up: at, op: "bson", path: &w.path})
	w.bsonAll(data)
	return true
}

func (w *walk) bsonAll(b []byte) bool {
	for i := 0; len(b) > 0; i++ {
		n := bsonSize(b)
		if n == 0 || !w.bson(b[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}

// bsonSize is the size of the document that b begins with; 0 when it begins with none.
func bsonSize(b []byte) int {
	if len(b) < 5 {
		return 0
	}
	n := binary.LittleEndian.Uint32(b)
	if n < 5 || uint64(n) > uint64(len(b)) || b[n-1] != 0 {
		return 0
	}
	return int(n)
}

func (w *walk) bson(doc []byte) bool {
	if !w.down() {
		return w.dry
	}
	defer w.up()
	b := doc[4 : len(doc)-1]
	for len(b) > 0 {
		kind := b[0]
		end := bytes.IndexByte(b[1:], 0)
		if end < 0 {
			return false
		}
		name := b[1 : 1+end]
		b = b[2+end:]
		if _, err := strconv.Atoi(string(name)); err != nil {
			w.key(name)
		}
		w.field(name)
		n := w.bsonValue(kind, b)
		w.pop()
		if n < 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// bsonValue reads a value and gives its size; -1 when it is none.
func (w *walk) bsonValue(kind byte, b []byte) int {
	fixed := map[byte]int{0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0a: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0xff: 0, 0x7f: 0}
	if n, ok := fixed[kind]; ok {
		if n > len(b) {
			return -1
		}
		switch kind {
		case 0x01:
			w.float(binary.LittleEndian.Uint64(b))
		case 0x09, 0x11, 0x12:
			w.unsigned(binary.LittleEndian.Uint64(b))
		case 0x10:
			w.unsigned(uint64(binary.LittleEndian.Uint32(b)))
		case 0x07, 0x13:
			w.bytes(b[:n])
		default:
			w.leaves++
		}
		return n
	}
	switch kind {
	case 0x03, 0x04:
		n := bsonSize(b)
		if n == 0 || !w.bson(b[:n]) {
			return -1
		}
		return n
	case 0x02, 0x0d, 0x0e, 0x05:
		if len(b) < 5 {
			return -1
		}
		n := uint64(binary.LittleEndian.Uint32(b))
		head := 4
		if kind == 0x05 {
			head = 5
		}
		if n > uint64(len(b)-head) || kind != 0x05 && (n == 0 || b[head+int(n)-1] != 0) {
			return -1
		}
		text := b[head : head+int(n)]
		if kind != 0x05 {
			text = text[:n-1]
		}
		w.bytes(text)
		return head + int(n)
	case 0x0b:
		one := bytes.IndexByte(b, 0)
		if one < 0 {
			return -1
		}
		two := bytes.IndexByte(b[one+1:], 0)
		if two < 0 {
			return -1
		}
		w.bytes(b[:one])
		return one + two + 2
	}
	return -1
}
