package decode

import (
	"bytes"
	"encoding/binary"
)

// maxBlocks is how many blocks of a stream are read.
const maxBlocks = 1 << 12

// blocks peels streams of compressed blocks that libraries of Java and browsers write in a framing of their own:
// snappy-java's SnappyOutputStream, lz4-java's LZ4BlockOutputStream, and Mozilla's lz4 with a length.
func (p *peeler) blocks(at *step, data []byte) bool {
	var out []byte
	op := "lz4"
	switch {
	case bytes.HasPrefix(data, []byte("\x82SNAPPY\x00")) && len(data) > 20:
		op = "snappy"
		out = p.blocksOf(data[16:], "snappy-raw", func(b []byte) (head, size int, raw bool) {
			return 4, int(binary.BigEndian.Uint32(b)), false
		})
	case bytes.HasPrefix(data, []byte("LZ4Block")):
		out = p.blocksOf(data, "lz4-raw", func(b []byte) (head, size int, raw bool) {
			if len(b) < 21 || string(b[:8]) != "LZ4Block" {
				return 0, 0, false
			}
			return 21, int(binary.LittleEndian.Uint32(b[9:])), b[8]&0xf0 == 0x10
		})
	case bytes.HasPrefix(data, []byte("mozLz40\x00")) && len(data) > 12:
		out, _ = p.inflate("lz4-raw", data[12:])
	}
	return len(out) > 0 && p.child(p.mk(step{up: at, op: op}), out)
}

// blocksOf joins what blocks hold. Next measures what stands before a block and the block, and says whether that is as it
// was; nothing before it ends the stream.
func (p *peeler) blocksOf(b []byte, name string, next func([]byte) (head, size int, raw bool)) (all []byte) {
	for n := 0; len(b) >= 4 && n < maxBlocks; n++ {
		head, size, raw := next(b)
		if head == 0 || size < 0 || size > len(b)-head {
			break
		}
		out := b[head : head+size]
		if !raw {
			var err error
			if out, err = p.inflate(name, out); err != nil {
				break
			}
		}
		all = append(all, out...)
		b = b[head+size:]
	}
	return all
}
