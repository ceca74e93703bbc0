package decode

import "encoding/binary"

// The compact protocol of Thrift.

func (w *walk) thriftCompactMessage(b []byte) bool {
	_, n := binary.Uvarint(b[2:])
	if n <= 0 {
		return false
	}
	at := 2 + n
	l, n := binary.Uvarint(b[at:])
	if n <= 0 || l > uint64(len(b)-at-n) {
		return false
	}
	at += n
	w.bytes(b[at : at+int(l)])
	at += int(l)
	size := w.compactFields(b[at:])
	return size > 0 && at+size == len(b)
}

// compactFields reads the fields of a struct up to its stop and gives its size; 0 when it is none.
func (w *walk) compactFields(b []byte) int {
	if !w.down() {
		return 0
	}
	defer w.up()
	id := int64(0)
	for at := 0; at < len(b); {
		head := b[at]
		at++
		if head == 0 {
			return at
		}
		if delta := head >> 4; delta != 0 {
			id += int64(delta)
		} else {
			v, n := binary.Varint(b[at:])
			if n <= 0 || v < 0 || v > 1<<15 {
				return 0
			}
			id, at = v, at+n
		}
		w.number(uint64(id))
		n := w.compactValue(head&15, b[at:], false)
		w.pop()
		if n < 0 {
			return 0
		}
		at += n
	}
	return 0
}

// compactValue reads a value and gives its size, which is 0 for a truth value in a field; -1 when it is none.
func (w *walk) compactValue(kind byte, b []byte, inList bool) int {
	switch kind {
	case 1, 2:
		if inList {
			return min(1, len(b)) - (1 - min(1, len(b)))
		}
		w.leaves++
		return 0
	case 3:
		if len(b) < 1 {
			return -1
		}
		w.unsigned(uint64(b[0]))
		return 1
	case 4, 5, 6:
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return -1
		}
		w.varint(v)
		return n
	case 7:
		if len(b) < 8 {
			return -1
		}
		w.float(binary.LittleEndian.Uint64(b))
		return 8
	case 8:
		l, n := binary.Uvarint(b)
		if n <= 0 || l > uint64(len(b)-n) {
			return -1
		}
		w.bytes(b[n : n+int(l)])
		return n + int(l)
	case 9, 10:
		return w.compactList(b)
	case 11:
		return w.compactMap(b)
	case 12:
		if n := w.compactFields(b); n > 0 {
			return n
		}
	}
	return -1
}

func (w *walk) compactList(b []byte) int {
	if len(b) == 0 || !w.down() {
		return -1
	}
	defer w.up()
	count, kind, at := uint64(b[0]>>4), b[0]&15, 1
	if count == 15 {
		v, n := binary.Uvarint(b[1:])
		if n <= 0 {
			return -1
		}
		count, at = v, 1+n
	}
	if count > uint64(len(b)) {
		return -1
	}
	for i := range int(count) {
		w.index(i)
		n := w.compactValue(kind, b[at:], true)
		w.pop()
		if n < 0 {
			return -1
		}
		at += n
	}
	return at
}

func (w *walk) compactMap(b []byte) int {
	count, at := binary.Uvarint(b)
	if at <= 0 || count > uint64(len(b)) || !w.down() {
		return -1
	}
	defer w.up()
	if count == 0 {
		return at
	}
	if at >= len(b) {
		return -1
	}
	kinds := []byte{b[at] >> 4, b[at] & 15}
	at++
	for i := range int(count) {
		w.index(i)
		for _, k := range kinds {
			n := w.compactValue(k, b[at:], true)
			if n < 0 {
				w.pop()
				return -1
			}
			at += n
		}
		w.pop()
	}
	return at
}
