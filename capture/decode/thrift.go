package decode

import "encoding/binary"

// thriftMessage peels a Thrift call in the binary or the compact protocol, framed or not.
func (p *peeler) thriftMessage(at *step, data []byte) bool {
	b := data
	if len(b) > 8 && uint64(binary.BigEndian.Uint32(b)) == uint64(len(b)-4) {
		b = b[4:]
	}
	if len(b) < 8 {
		return false
	}
	var read func(w *walk, b []byte) bool
	switch {
	case b[0] == 0x80 && b[1] == 0x01:
		read = (*walk).thriftBinaryMessage
	case b[0] == 0x82 && b[1]&0x1f == 1:
		read = (*walk).thriftCompactMessage
	default:
		return false
	}
	dry := p.tryAgain()
	if !read(dry, b) || !p.enter() {
		return false
	}
	defer p.leave()
	w := walk{p: p}
	w.step = p.mk(step{up: at, op: "thrift", path: &w.path})
	read(&w, b)
	return true
}

func (w *walk) thriftBinaryMessage(b []byte) bool {
	b = b[4:]
	n := uint64(binary.BigEndian.Uint32(b))
	if n > uint64(len(b)-4) || len(b) < 8+int(n) {
		return false
	}
	w.bytes(b[4 : 4+n])
	size := w.thriftFields(b[8+n:])
	return size > 0 && 8+int(n)+size == len(b)
}

// thriftStruct reads a struct that has no message around it, in either protocol.
func (w *walk) thriftStruct(b []byte) bool {
	if len(b) < 8 || b[len(b)-1] != 0 { // either ends with its stop
		return false
	}
	dry := w.p.tryAgain()
	if dry.thriftFields(b) == len(b) && dry.leaves > 0 {
		return w.thriftFields(b) == len(b)
	}
	dry = w.p.tryAgain()
	if dry.compactFields(b) == len(b) && dry.text*2 >= len(b) {
		return w.compactFields(b) == len(b)
	}
	return false
}

// thriftFields reads the fields of a struct up to its stop and gives its size; 0 when it is none.
func (w *walk) thriftFields(b []byte) int {
	if !w.down() {
		return 0
	}
	defer w.up()
	for at := 0; at < len(b); {
		kind := b[at]
		if kind == 0 {
			return at + 1
		}
		if at+3 > len(b) {
			return 0
		}
		id := binary.BigEndian.Uint16(b[at+1:])
		if id >= 0x8000 {
			return 0
		}
		w.number(uint64(id))
		n := w.thriftValue(kind, b[at+3:])
		w.pop()
		if n == 0 {
			return 0
		}
		at += 3 + n
	}
	return 0
}

// thriftSizes are how many bytes the values of the binary protocol have at least, by their type.
var thriftSizes = [...]uint8{2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8, 11: 4, 13: 6, 14: 5, 15: 5, 16: 16}

// thriftValue reads a value of the binary protocol and gives its size; 0 when it is none.
func (w *walk) thriftValue(kind byte, b []byte) int {
	if kind >= byte(len(thriftSizes)) || int(thriftSizes[kind]) > len(b) {
		return 0
	}
	size := int(thriftSizes[kind])
	switch kind {
	case 2, 3, 6, 8, 10:
		w.unsigned(bigEndian(b[:size]))
		return size
	case 4:
		w.float(bigEndian(b[:8]))
		return 8
	case 16:
		w.bytes(b[:16])
		return 16
	case 11:
		n := uint64(binary.BigEndian.Uint32(b))
		if n > uint64(len(b)-4) {
			return 0
		}
		w.bytes(b[4 : 4+n])
		return 4 + int(n)
	case 12:
		return w.thriftFields(b)
	case 13:
		return w.thriftItems(b, 6, uint64(binary.BigEndian.Uint32(b[2:])), b[0], b[1])
	case 14, 15:
		return w.thriftItems(b, 5, uint64(binary.BigEndian.Uint32(b[1:])), b[0])
	}
	return 0
}

func (w *walk) thriftItems(b []byte, at int, count uint64, kinds ...byte) int {
	if count > uint64(len(b)) || !w.down() {
		return 0
	}
	defer w.up()
	for i := range int(count) {
		w.index(i)
		for _, k := range kinds {
			n := w.thriftValue(k, b[at:])
			if n == 0 {
				return 0
			}
			at += n
		}
		w.pop()
	}
	return at
}
