package decode

import (
	"bytes"
	"encoding/binary"
)

// unlabelled tries the compressions that have no beginning to know them by. They must take all of the input and give
// something that makes sense, for random bytes decode into random bytes now and then.
func (p *peeler) unlabelled(at *step, data []byte) (explained, ok bool) {
	if len(data) < 12 || !p.enter() {
		return false, false
	}
	defer p.leave()
	tries := unlabelledTries[:]
	if !p.tooLong(len(data)) {
		tries = tries[:seldomTries]
	}
	for i := range tries {
		try := &tries[i]
		if try.skip >= len(data)-8 || try.fits != nil && !try.fits(data[try.skip:]) {
			continue
		}
		hit, mark := p.hit, p.arena.mark
		out, err := p.inflate(try.name, data[try.skip:])
		if rest, isTrailing := err.(trailing); isTrailing && rest.n <= 4 {
			err = nil
		}
		sense := err == nil && len(out) >= 8 && sensible(out)
		if err != nil || len(out) < 8 || !sense && (!try.ends || len(out) < 24 || len(data) > 1<<20) {
			p.hit, p.arena.mark = hit, mark // a wrong guess that grew is no bomb
			continue
		}
		explained := p.child(p.mk(step{up: at, op: try.op}), out)
		if sense || explained {
			return explained, true
		}
	}
	return false, false
}

// unlabelledTries are what is tried, in this order. A header may stand before some.
var unlabelledTries = [...]struct {
	name, op string
	skip     int
	fits     func([]byte) bool
	ends     bool // a stream that ends where the input does is seldom chance; what it holds must make sense then
}{
	{"deflate", "deflate", 0, deflateFits, true},
	{"deflate", "deflate", 4, deflateFits, false},
	{"snappy-raw", "snappy", 0, nil, false},
	{"brotli", "brotli", 0, brotliFits, true},
	{"lz4-raw", "lz4", 0, nil, false},
	{"lz4-raw", "lz4", 4, nil, false},
	// From here on only of what would be reported if nothing explained it.
	{"snappy-raw", "snappy", 4, snappyWhole, false},
	{"snappy-raw", "snappy", 8, snappyWhole, false},
	{"lz4-raw", "lz4", 8, nil, false},
	{"lz4-raw", "lz4", 16, nil, false},
	{"snappy-java", "snappy", 0, snappyJava, false},
}

// seldomTries is where those begin that are not tried on a token.
const seldomTries = 6

// snappyWhole says whether bytes are raw snappy by their lengths.
func snappyWhole(b []byte) bool { return snappyAdds(b, 0) }

// deflateFits looks at the head of the first block of what may be deflate (RFC 1951, section 3.2): its type, its length if
// it is stored, and whether the code of the lengths of its codes is complete. What fails here fails in the decoder before
// anything came out.
func deflateFits(b []byte) bool {
	if len(b) < 16 {
		return true
	}
	switch b[0] >> 1 & 3 {
	case 0:
		return binary.LittleEndian.Uint16(b[1:]) == ^binary.LittleEndian.Uint16(b[3:])
	case 1:
		return true
	case 3:
		return false
	}
	head := binary.LittleEndian.Uint32(b) >> 3
	if head&31 > 286-257 || head>>5&31 > 30-1 {
		return false
	}
	// Three bits each, from the 17th on. Of a complete code, 1/2 to the power of the lengths sums up to one.
	lengths := binary.LittleEndian.Uint64(b[2:]) >> 1
	sum, longest := 0, uint64(0)
	for n := head>>10&15 + 4; n > 0; n-- {
		if l := lengths & 7; l > 0 {
			sum += 128 >> l
			longest = max(longest, l)
		}
		lengths >>= 3
	}
	return sum == 128 || longest == 0 || longest == 1 && sum == 64
}

// brotliFits looks at the first bits of what may be brotli (RFC 7932, section 9): the window size, and whether the first
// block has a length that suits the input. It spares the window that a decoder makes before it looks.
func brotliFits(b []byte) bool {
	if len(b) < 16 {
		return false
	}
	bits := binary.LittleEndian.Uint64(b)
	take := func(n uint) uint64 {
		v := bits & (1<<n - 1)
		bits >>= n
		return v
	}
	if take(1) == 1 && take(3) == 0 && take(3) == 1 {
		return false
	}
	last := take(1)
	if last == 1 && take(1) == 1 {
		return false
	}
	nibbles := take(2) + 4
	if nibbles == 7 {
		return false
	}
	length := take(uint(nibbles) * 4)
	if nibbles > 4 && length>>((nibbles-1)*4) == 0 {
		return false
	}
	n := uint64(len(b))
	if last == 0 && take(1) == 1 {
		return length+1 <= n && length+9 >= n // not compressed
	}
	return length+1 <= 200*n && (last == 0 || length+1 >= n/2)
}

// sensible says whether bytes are text for the most part, or begin like something known.
func sensible(b []byte) bool {
	if promising(b) {
		return true
	}
	n := 0
	for _, c := range b {
		if textByte(c) {
			n++
		}
	}
	return n*10 >= len(b)*7 && !bytes.Equal(b[:4], b[len(b)-4:])
}

// reasonOf says why bytes of an entropy are not explained.
func reasonOf(b []byte, entropy int) string {
	if m := mediaOf(b); m != "" {
		return "media: " + m
	}
	if magicOf(b) == magicXZ {
		return "unknown: xz"
	}
	if dense(len(b), entropy, 256) {
		return "unknown: high entropy"
	}
	return "unknown: binary"
}

// mediaOf names formats of pictures, sound and film, which may show anything and are not looked into.
func mediaOf(b []byte) string {
	for _, f := range []struct{ at, magic, name string }{
		{"", "\xff\xd8\xff", "image/jpeg"}, {"", "\x89PNG\r\n\x1a\n", "image/png"}, {"", "GIF8", "image/gif"}, {"RIFF....", "WEBP", "image/webp"},
		{"....", "ftyp", "video/mp4"}, {"", "OggS", "audio/ogg"}, {"", "ID3", "audio/mpeg"}, {"", "\x1aE\xdf\xa3", "video/webm"}, {"", "%PDF-", "application/pdf"},
		{"", "wOF2", "font/woff2"}, {"RIFF....", "WAVE", "audio/wav"}, {"", "#!AMR", "audio/amr"}, {"", "fLaC", "audio/flac"},
	} {
		if len(b) >= len(f.at)+len(f.magic) && string(b[len(f.at):len(f.at)+len(f.magic)]) == f.magic {
			return f.name
		}
	}
	return ""
}
