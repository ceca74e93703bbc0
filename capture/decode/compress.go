package decode

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// magic is a beginning that says what follows.
type magic string

const (
	magicNone   magic = ""
	magicGzip   magic = "gzip"
	magicZlib   magic = "zlib"
	magicZstd   magic = "zstd"
	magicLZ4    magic = "lz4"
	magicSnappy magic = "snappy"
	magicBzip2  magic = "bzip2"
	magicXZ     magic = "xz"
	magicOther  magic = "other" // bplist, zip, Avro file ...: known, but not a compression
)

func magicOf(b []byte) magic {
	if len(b) < 4 {
		return magicNone
	}
	switch b[0] {
	case 0x1f:
		if b[1] == 0x8b && b[2] == 8 && b[3]&0xe0 == 0 {
			return magicGzip
		}
	case 0x28:
		if b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd {
			return magicZstd
		}
	case 0x04:
		if b[1] == 0x22 && b[2] == 0x4d && b[3] == 0x18 {
			return magicLZ4
		}
	case 0xff:
		if len(b) >= 10 && string(b[:10]) == "\xff\x06\x00\x00sNaPpY" || len(b) >= 10 && string(b[:10]) == "\xff\x06\x00\x00S2sTwO" {
			return magicSnappy
		}
	case 'B':
		if len(b) >= 10 && string(b[:3]) == "BZh" && string(b[4:10]) == "1AY&SY" {
			return magicBzip2
		}
	case 0xfd:
		if len(b) >= 6 && string(b[:6]) == "\xfd7zXZ\x00" {
			return magicXZ
		}
	case 0x78, 0x68, 0x58, 0x48, 0x38, 0x28 | 0x80:
		if b[0]&0x0f == 8 && (uint(b[0])<<8|uint(b[1]))%31 == 0 && b[1]&0x20 == 0 {
			return magicZlib
		}
	case 'b':
		if len(b) >= 8 && string(b[:6]) == "bplist" {
			return magicOther
		}
	case 'O':
		if string(b[:4]) == "Obj\x01" {
			return magicOther
		}
	case 'P':
		if string(b[:4]) == "PK\x03\x04" {
			return magicOther
		}
	}
	return magicNone
}

// tools are decompressors that keep their tables from one use to the next.
type tools struct {
	src    bytes.Reader // what the one in use reads
	gzip   *gzip.Reader
	zlib   io.ReadCloser
	flate  io.ReadCloser
	zstd   *zstd.Decoder
	brotli *brotli.Reader
	lz4    *lz4.Reader
	snappy *s2.Reader
}

// errNotThis says that bytes are not in the format they were tried as.
var errNotThis = errors.New("not in this format")

// contentDecoding undoes one content-encoding. Op is what it really was: "deflate" is zlib to some senders and raw to others.
// Whole says that all of the input was in it; what came out before an error is given all the same.
func (p *peeler) contentDecoding(name string, b []byte) (out []byte, op string, whole bool) {
	switch name {
	case "gzip", "x-gzip":
		name = string(magicGzip)
	case "deflate":
		if magicOf(b) == magicZlib {
			if out, err := p.inflate(string(magicZlib), b); len(out) > 0 {
				return out, "deflate", err == nil
			}
		}
		name = "deflate"
	case "br":
		name = "brotli"
	case "x-snappy-framed":
		name = string(magicSnappy)
	case "snappy":
		if magicOf(b) != magicSnappy {
			name = "snappy-raw"
		}
	}
	out, err := p.inflate(name, b)
	if name == "snappy-raw" {
		name = "snappy"
	}
	return out, name, err == nil
}

// inflate decompresses within limits. What came out before an error is given with the error.
func (p *peeler) inflate(name string, b []byte) ([]byte, error) {
	t := &p.tools
	src := &t.src
	src.Reset(b)
	var r io.Reader
	var err error
	switch name {
	case "gzip":
		return p.gunzip(src, len(b))
	case "zlib":
		if t.zlib == nil {
			t.zlib, err = zlib.NewReader(src)
		} else {
			err = t.zlib.(zlib.Resetter).Reset(src, nil)
		}
		if err != nil {
			t.zlib = nil
			return nil, errNotThis
		}
		r = t.zlib
	case "deflate":
		if t.flate == nil {
			t.flate = flate.NewReader(src)
		} else if err = t.flate.(flate.Resetter).Reset(src, nil); err != nil {
			return nil, errNotThis
		}
		r = t.flate
	case "zstd":
		if t.zstd == nil {
			t.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20), zstd.WithDecoderLowmem(true))
			if err != nil {
				return nil, errNotThis
			}
		}
		if t.zstd.Reset(src) != nil {
			return nil, errNotThis
		}
		r = t.zstd
	case "brotli":
		if t.brotli == nil {
			t.brotli = brotli.NewReader(src)
		} else if t.brotli.Reset(src) != nil {
			return nil, errNotThis
		}
		r = t.brotli
	case "lz4":
		if t.lz4 == nil {
			t.lz4 = lz4.NewReader(src)
		} else {
			t.lz4.Reset(src)
		}
		r = t.lz4
	case "snappy":
		if t.snappy == nil {
			t.snappy = s2.NewReader(src, s2.ReaderMaxBlockSize(4<<20))
		} else {
			t.snappy.Reset(src)
		}
		r = t.snappy
	case "bzip2":
		r = bzip2.NewReader(src)
	case "snappy-raw":
		return p.snappyBlock(b)
	case "snappy-java":
		return p.snappyBlocks(b)
	case "lz4-raw":
		return p.lz4Block(b)
	default:
		return nil, errNotThis
	}
	out, err := p.drain(r, len(b))
	if err == nil && src.Len() > 0 && !p.hit.ratio && !p.hit.bytes {
		return out, trailing{src.Len()}
	}
	return out, err
}

// broken says of a decompressor's error that there is input which it did not read. A stream that was never ended, as senders
// flush it, is read as far as it goes; a wrong checksum says nothing against what came out.
func broken(err error) bool {
	var rest trailing
	if err == nil || errors.As(err, &rest) {
		return false
	}
	for _, read := range []error{io.ErrUnexpectedEOF, gzip.ErrChecksum, zlib.ErrChecksum, zstd.ErrCRCMismatch, lz4.ErrInvalidFrameChecksum} {
		if errors.Is(err, read) {
			return false
		}
	}
	return true
}

// gunzip decompresses all members of a gzip stream and stops at bytes that begin no further one.
func (p *peeler) gunzip(src *bytes.Reader, in int) ([]byte, error) {
	var all []byte
	for member := 0; ; member++ {
		var err error
		before := src.Len()
		if p.tools.gzip == nil {
			p.tools.gzip, err = gzip.NewReader(src)
		} else {
			err = p.tools.gzip.Reset(src)
		}
		if err != nil {
			p.tools.gzip = nil
			if member == 0 {
				return nil, errNotThis
			}
			return all, trailing{before}
		}
		p.tools.gzip.Multistream(false)
		out, err := p.drain(p.tools.gzip, in)
		if all == nil {
			all = out
		} else {
			all = append(all, out...)
		}
		if err != nil || src.Len() == 0 || p.hit.ratio || p.hit.bytes {
			return all, err
		}
	}
}

// trailing says that a stream ended before its input did.
type trailing struct{ n int }

func (t trailing) Error() string { return "bytes after the end of the stream" }

// drainFirst is how many bytes a decompressor is given room for at first.
const drainFirst = 64 << 10

// drain reads a decompressor to its end, its limit of bytes or of ratio.
func (p *peeler) drain(r io.Reader, in int) ([]byte, error) {
	most := int64(RatioFloor)
	if m := int64(in) * int64(p.limits.Ratio); m > most {
		most = m
	}
	ratio := true
	if left := p.limits.Bytes - p.bytes; left < most {
		most, ratio = left, false
	}
	// Most of what is tried ends at once, and what is made to grow grows far: begin small, and take long steps at first.
	buf := p.arena.take(int(min(int64(in)*4+512, most+1, drainFirst)))[:0]
	for {
		if n := cap(buf); len(buf) == n {
			step := 2
			if n <= 4*drainFirst {
				step = 4
			}
			buf = append(p.arena.take(step * n)[:0], buf...)
		}
		room := buf[len(buf):cap(buf)]
		if int64(len(buf)+len(room)) > most+1 {
			room = room[:most+1-int64(len(buf))]
		}
		n, err := r.Read(room)
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > most {
			if ratio {
				p.hit.ratio = true
			} else {
				p.hit.bytes = true
			}
			buf, err = buf[:most], io.EOF
		}
		if err != nil {
			p.bytes += int64(len(buf))
			if err == io.EOF {
				err = nil
			}
			return buf, err
		}
	}
}

// snappyBlock decodes snappy without framing: the length, then literals and copies.
func (p *peeler) snappyBlock(b []byte) ([]byte, error) {
	n, err := s2.DecodedLen(b)
	if err != nil || n == 0 || n > len(b)*64 || !snappyFits(b) || !p.spend(n) {
		return nil, errNotThis
	}
	out, err := s2.Decode(p.arena.take(n), b)
	if err != nil {
		return nil, errNotThis
	}
	return out, nil
}

// snappyFits looks at what follows the length: the first element must be a literal, as there is nothing yet to copy from.
func snappyFits(b []byte) bool {
	for len(b) > 0 && b[0] >= 0x80 {
		b = b[1:]
	}
	return len(b) > 1 && b[1]&3 == 0
}

// wsInflate inflates one WebSocket message; window is what came before it.
func (p *peeler) wsInflate(b, window []byte) ([]byte, bool) {
	t := &p.tools
	t.src.Reset(append(bytes.Clone(b), 0, 0, 0xff, 0xff))
	if t.flate == nil {
		t.flate = flate.NewReaderDict(&t.src, window)
	} else if t.flate.(flate.Resetter).Reset(&t.src, window) != nil {
		return nil, false
	}
	out, err := p.drain(t.flate, len(b))
	return out, len(out) > 0 && (err == nil || errors.Is(err, io.ErrUnexpectedEOF))
}
