package capture

import (
	"encoding/binary"
	"errors"
)

// wsFrames splits one direction of a WebSocket connection (RFC 6455, section 5) into frames, however the bytes come.
// It gives payloads unmasked and in pieces, and holds none.
type wsFrames struct {
	head    [14]byte
	n       int // bytes of head so far
	need    int // bytes the head needs
	left    uint64
	at      uint64 // offset in the payload, for the mask
	mask    [4]byte
	masked  bool
	frame   wsFrame
	inFrame bool
	scratch []byte
}

// wsFrame is the first byte of a frame, read.
type wsFrame struct {
	final      bool
	compressed bool // RSV1, which permessage-deflate uses
	opcode     int
}

// Opcodes of RFC 6455, section 5.2.
const (
	wsContinuation = 0
	wsText         = 1
	wsBinary       = 2
	wsClose        = 8
)

var errFrame = errors.New("not a WebSocket frame")

// wsSink takes what a parser finds.
type wsSink interface {
	frameStart(wsFrame) error
	framePayload([]byte)
	frameEnd()
}

// feed takes the next bytes. After an error the parser is of no more use; rest is what it had not taken.
func (w *wsFrames) feed(p []byte, to wsSink) (rest []byte, err error) {
	for len(p) > 0 {
		if !w.inFrame {
			rest := w.header(p)
			if rest == nil {
				return nil, nil
			}
			n := w.n
			if err := w.start(to); err != nil { // the head may have begun in earlier bytes
				return append(append([]byte(nil), w.head[:n]...), rest...), err
			}
			if p = rest; w.left > 0 {
				continue
			}
			w.end(to)
			continue
		}
		n := min(uint64(len(p)), w.left)
		to.framePayload(w.unmask(p[:n]))
		p = p[n:]
		if w.left -= n; w.left == 0 {
			w.end(to)
		}
	}
	return nil, nil
}

// header takes bytes until the frame's head is whole, and gives what follows it; nil when it is not.
func (w *wsFrames) header(p []byte) []byte {
	for {
		switch {
		case w.n < 2:
			w.need = 2
		default:
			w.need = 2
			switch w.head[1] & 0x7f {
			case 126:
				w.need += 2
			case 127:
				w.need += 8
			}
			if w.head[1]&0x80 != 0 {
				w.need += 4
			}
			if w.n == w.need {
				if p == nil {
					p = []byte{}
				}
				return p
			}
		}
		if len(p) == 0 {
			return nil
		}
		k := copy(w.head[w.n:w.need], p)
		w.n += k
		p = p[k:]
	}
}

func (w *wsFrames) start(to wsSink) error {
	h := w.head[:w.n]
	w.frame = wsFrame{final: h[0]&0x80 != 0, compressed: h[0]&0x40 != 0, opcode: int(h[0] & 0x0f)}
	if h[0]&0x30 != 0 {
		return errFrame
	}
	w.left = uint64(h[1] & 0x7f)
	rest := h[2:]
	switch w.left {
	case 126:
		w.left, rest = uint64(binary.BigEndian.Uint16(rest)), rest[2:]
	case 127:
		w.left, rest = binary.BigEndian.Uint64(rest), rest[8:]
	}
	if w.left > 1<<62 || w.frame.opcode >= wsClose && (w.left > 125 || !w.frame.final) {
		return errFrame
	}
	if w.masked = h[1]&0x80 != 0; w.masked {
		copy(w.mask[:], rest)
	}
	w.n, w.at, w.inFrame = 0, 0, true
	return to.frameStart(w.frame)
}

func (w *wsFrames) end(to wsSink) {
	w.inFrame = false
	to.frameEnd()
}

func (w *wsFrames) unmask(p []byte) []byte {
	if !w.masked {
		w.at += uint64(len(p))
		return p
	}
	w.scratch = append(w.scratch[:0], p...)
	for i := range w.scratch {
		w.scratch[i] ^= w.mask[(w.at+uint64(i))&3]
	}
	w.at += uint64(len(p))
	return w.scratch
}
