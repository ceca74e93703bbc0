package decode

import (
	"encoding/binary"

	"github.com/pierrec/lz4/v4"
)

// lz4Block decodes lz4 without framing. The block does not say how long its outcome is, so that is found out before any
// memory is taken for it: nearly all that is tried is no lz4.
func (p *peeler) lz4Block(b []byte) ([]byte, error) {
	if len(b) > 1<<22 {
		return nil, errNotThis
	}
	size, ok := lz4Size(b, min(len(b)*16, 1<<24))
	if !ok || !p.spend(size) {
		return nil, errNotThis
	}
	out := p.arena.take(size)
	n, err := lz4.UncompressBlock(b, out)
	if err != nil {
		return nil, errNotThis
	}
	return out[:n], nil
}

// lz4Size says how many bytes a block decodes to, by its lengths alone, and whether it is a block of no more than most.
// It agrees with the decoder about every input (LZ4 block format: token, literals, offset, match; the last match may be
// left out).
func lz4Size(b []byte, most int) (n int, ok bool) {
	for len(b) > 0 {
		token := b[0]
		b = b[1:]
		literals := int(token >> 4)
		if literals == 15 {
			if literals, b, ok = lz4Length(b, literals); !ok {
				return 0, false
			}
		}
		if literals > len(b) || n+literals > most {
			return 0, false
		}
		b, n = b[literals:], n+literals
		match := int(token & 15)
		if len(b) == 0 {
			return n, match == 0
		}
		if len(b) < 2 {
			return 0, false
		}
		if offset := int(binary.LittleEndian.Uint16(b)); offset == 0 || offset > n {
			return 0, false
		}
		b = b[2:]
		if match == 15 {
			if match, b, ok = lz4Length(b, match); !ok {
				return 0, false
			}
		}
		if n += match + 4; n > most {
			return 0, false
		}
	}
	return n, true
}

// lz4Length reads what is added to a length of 15: bytes up to one that is not 255.
func lz4Length(b []byte, n int) (int, []byte, bool) {
	for i, c := range b {
		n += int(c)
		if c != 255 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}
