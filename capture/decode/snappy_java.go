package decode

import (
	"encoding/binary"
	"strings"
)

// snappyJavaMagic begins the stream of Java's most used library for snappy: it is followed by two versions of four bytes, and
// blocks of raw snappy with their length before them.
const (
	snappyJavaMagic = "\x82SNAPPY\x00"
	snappyJavaHead  = len(snappyJavaMagic) + 8
)

func snappyJava(b []byte) bool { return strings.HasPrefix(string(b[:min(len(b), 8)]), snappyJavaMagic) }

// snappyBlocks decodes the blocks of such a stream. What came out before an error is given with the error.
func (p *peeler) snappyBlocks(b []byte) ([]byte, error) {
	if !snappyJava(b) || len(b) < snappyJavaHead {
		return nil, errNotThis
	}
	var all []byte
	for b = b[snappyJavaHead:]; len(b) >= 4; {
		n := binary.BigEndian.Uint32(b)
		if b = b[4:]; n == 0 || uint64(n) > uint64(len(b)) {
			return all, errNotThis
		}
		out, err := p.snappyBlock(b[:n])
		if err != nil {
			return all, err
		}
		if b = b[n:]; all == nil && len(b) == 0 {
			return out, nil
		}
		all = append(all, out...)
	}
	return all, nil
}
