package decode

import "encoding/binary"

// protobufAll reads one message without a schema, or a stream of messages with their lengths before them.
func (w *walk) protobufAll(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	if !protoFits(b) {
		return w.protobufStream(b)
	}
	if w.dry {
		shape := protoShapeOf(b, 0)
		w.leaves, w.text, w.other, w.dull = shape.leaves, shape.text, shape.other, shape.dull
		return true
	}
	return w.protobuf(b)
}

// protoShape is what a message would hold if it were one.
type protoShape struct{ leaves, text, other, dull int }

// nested says whether content is better read as a message than as text or bytes.
func (s protoShape) nested(b []byte, text bool) bool {
	if text {
		return s.text*2 >= len(b)
	}
	dry := walk{leaves: s.leaves, text: s.text, other: s.other}
	return dry.sound(len(b)) || len(b) < 64
}

// maxProtoDepth is how deep messages are looked into, to decide whether they are any.
const maxProtoDepth = 40

func protoShapeOf(b []byte, depth int) (s protoShape) {
	for len(b) > 0 {
		_, content, size := protoField(b)
		if size == 0 {
			break
		}
		b = b[size:]
		s.leaves++
		if content == nil {
			s.dull++
			continue
		}
		text := looksText(content)
		if len(content) >= 2 && depth < maxProtoDepth && protoFits(content) {
			if inner := protoShapeOf(content, depth+1); inner.nested(content, text) {
				s.leaves, s.text, s.other, s.dull = s.leaves+inner.leaves-1, s.text+inner.text, s.other+inner.other, s.dull+inner.dull
				continue
			}
		}
		if text {
			s.text += len(content)
		} else {
			s.other += len(content)
		}
	}
	return s
}

// protoFits looks whether the bytes are fields from end to end, without going into them.
func protoFits(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	for len(b) > 0 {
		_, _, n := protoField(b)
		if n <= 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// protoField measures one field: its number, its content when it has a length, and its size; 0 when it is none.
func protoField(b []byte) (field uint64, content []byte, size int) {
	tag, n := binary.Uvarint(b)
	if n <= 0 || n > 5 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return 0, nil, 0
	}
	field = tag >> 3
	switch tag & 7 {
	case 0:
		_, v := binary.Uvarint(b[n:])
		if v <= 0 {
			return 0, nil, 0
		}
		return field, nil, n + v
	case 1:
		n += 8
	case 5:
		n += 4
	case 2:
		l, v := binary.Uvarint(b[n:])
		if v <= 0 || l > uint64(len(b)-n-v) {
			return 0, nil, 0
		}
		return field, b[n+v : n+v+int(l)], n + v + int(l)
	default: // groups are not written any more
		return 0, nil, 0
	}
	if n > len(b) {
		return 0, nil, 0
	}
	return field, nil, n
}

func (w *walk) protobuf(b []byte) bool {
	if !w.down() {
		return w.dry
	}
	defer w.up()
	for len(b) > 0 {
		field, content, size := protoField(b)
		if size == 0 {
			return false
		}
		w.number(field)
		tag, n := binary.Uvarint(b)
		switch tag & 7 {
		case 0:
			v, _ := binary.Uvarint(b[n:])
			w.varint(v)
		case 1:
			w.float(binary.LittleEndian.Uint64(b[n:]))
		case 5:
			w.unsigned(uint64(binary.LittleEndian.Uint32(b[n:])))
		case 2:
			w.protoContent(content)
		}
		w.pop()
		b = b[size:]
	}
	return true
}

// protoContent reads what has a length: text, a message, packed numbers or bytes. What could be two of them is shown as both.
func (w *walk) protoContent(b []byte) {
	text := len(b) == 0 || looksText(b)
	if len(b) >= 2 && protoFits(b) && protoShapeOf(b, 0).nested(b, text) {
		if text {
			w.bytes(b)
		}
		w.protobuf(b)
		return
	}
	if text || magicOf(b) != magicNone || !w.packed(b) {
		w.bytes(b)
		return
	}
	if !w.dry { // bytes of another format can pass for numbers
		w.p.muted++
		w.bytes(b)
		w.p.muted--
	}
}

// maxPacked is the most bytes of packed numbers that are shown one by one.
const maxPacked = 1 << 16

// packed reads numbers without tags between them: varints, or fixed ones of 8 or 4 bytes. Encrypted bytes can pass for
// varints, so these must be far from random; fixed numbers of one field are alike in their highest byte.
func (w *walk) packed(b []byte) bool {
	switch {
	case len(b) >= 16 && len(b)%8 == 0 && alike(b, 8):
		return w.fixed(b, 8)
	case len(b) >= 16 && len(b)%4 == 0 && alike(b, 4):
		return w.fixed(b, 4)
	}
	large, count := false, 0
	for r := b; len(r) > 0; count++ {
		v, n := binary.Uvarint(r)
		if n <= 0 {
			return false
		}
		large = large || v >= 1<<32
		r = r[n:]
	}
	if (!large || count*4 > len(b)) && (len(b) < minCipher || dense(len(b), entropy(b), 256)) {
		return false
	}
	for i := 0; len(b) > 0 && i < maxPacked; i++ {
		v, n := binary.Uvarint(b)
		b = b[n:]
		w.index(i)
		w.varint(v)
		w.pop()
	}
	return true
}

// alike says whether numbers of this many bytes, lowest first, have few different highest bytes.
func alike(b []byte, size int) bool {
	var seen [4]uint64
	kinds, numbers := 0, len(b)/size
	for i := size - 1; i < len(b); i += size {
		c := b[i]
		if seen[c>>6]&(1<<(c&63)) == 0 {
			seen[c>>6] |= 1 << (c & 63)
			kinds++
		}
	}
	return kinds <= 1+numbers/8
}

func (w *walk) fixed(b []byte, size int) bool {
	for i := 0; len(b) >= size && i < maxPacked; i++ {
		w.index(i)
		if size == 8 {
			w.float(binary.LittleEndian.Uint64(b))
		} else {
			w.unsigned(uint64(binary.LittleEndian.Uint32(b)))
		}
		w.pop()
		b = b[size:]
	}
	return true
}

// protobufStream reads messages each of which has its length before it.
func (w *walk) protobufStream(b []byte) bool {
	for rest := b; len(rest) > 0; {
		l, n := binary.Uvarint(rest)
		if n <= 0 || l < 2 || l > uint64(len(rest)-n) || !protoFits(rest[n:n+int(l)]) {
			return false
		}
		rest = rest[n+int(l):]
	}
	for i := 0; len(b) > 0; i++ {
		l, n := binary.Uvarint(b)
		w.index(i)
		w.protobuf(b[n : n+int(l)])
		w.pop()
		b = b[n+int(l):]
	}
	return true
}
