package decode

import (
	"bytes"
	"encoding/binary"
)

// avroFile peels an Avro object container file: its schema, then its blocks, each compressed as the header says. The
// records themselves are read as bytes of an unknown format, for which a searcher needs no schema.
func (p *peeler) avroFile(at *step, data []byte) bool {
	if !bytes.HasPrefix(data, []byte("Obj\x01")) || !p.enter() {
		return false
	}
	defer p.leave()
	rest, codec := data[4:], ""
	for {
		n, b, ok := avroLong(rest)
		if !ok || n > int64(len(b)) {
			return false
		}
		if rest = b; n == 0 {
			break
		}
		if n < 0 { // a count below zero has the size of the block behind it
			n = -n
			if _, rest, ok = avroLong(rest); !ok {
				return false
			}
		}
		for range n {
			var k, v []byte
			if k, rest, ok = avroBytes(rest); !ok {
				return false
			}
			if v, rest, ok = avroBytes(rest); !ok {
				return false
			}
			if string(k) == "avro.codec" {
				codec = string(v)
			}
			p.leaf(p.mk(step{up: at, op: "avro", detail: string(k)}), v)
		}
	}
	if len(rest) < 16 {
		return false
	}
	rest = rest[16:]
	for i := 1; len(rest) > 0 && !p.stop; i++ {
		_, b, ok := avroLong(rest)
		if !ok {
			break
		}
		block, b, ok := avroBytes(b)
		if !ok || len(b) < 16 {
			break
		}
		rest = b[16:]
		p.avroBlock(p.mk(step{up: at, op: "avro", place: "block ", n: i}), block, codec)
	}
	return true
}

func (p *peeler) avroBlock(at *step, block []byte, codec string) {
	name := map[string]string{"deflate": "deflate", "snappy": "snappy-raw", "zstandard": "zstd", "bzip2": "bzip2"}[codec]
	if name == "" {
		p.leaf(at, block)
		return
	}
	if name == "snappy-raw" && len(block) > 4 {
		block = block[:len(block)-4] // a checksum follows
	}
	out, err := p.inflate(name, block)
	if err != nil && len(out) == 0 {
		p.leaf(at, block)
		return
	}
	p.leaf(p.mk(step{up: at, op: codec}), out)
}

func avroLong(b []byte) (int64, []byte, bool) {
	v, n := binary.Varint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}

func avroBytes(b []byte) ([]byte, []byte, bool) {
	n, rest, ok := avroLong(b)
	if !ok || n < 0 || n > int64(len(rest)) {
		return nil, nil, false
	}
	return rest[:n], rest[n:], true
}
