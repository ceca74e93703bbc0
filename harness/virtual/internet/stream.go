package internet

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	maxMessage = 1 << 20
	streamIdle = 90 * time.Second
)

// stream takes WebSocket messages (RFC 6455) and answers pings and the close.
func stream(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || key == "" {
		collector{"ok"}.ServeHTTP(w, r)
		return
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, "WebSocket needs HTTP/1.1", http.StatusHTTPVersionNotSupported)
		return
	}
	c, rw, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, err = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n")
	count, ok := r.Context().Value(meter{}).(func(int64))
	if !ok {
		count = func(int64) {}
	}
	for err == nil {
		_ = c.SetDeadline(time.Now().Add(streamIdle))
		var answer []byte
		var size int64
		answer, size, err = nextFrame(rw.Reader)
		count(size)
		if err == nil && answer != nil {
			_, err = c.Write(answer)
		}
		if err == nil && len(answer) > 0 && answer[0] == 0x88 {
			return
		}
	}
}

// nextFrame skips one client frame and returns what has to be answered, nil for nothing, and the size of its payload.
func nextFrame(r *bufio.Reader) (answer []byte, payload int64, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, 0, err
	}
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		var b [2]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, 0, err
		}
		size = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, 0, err
		}
		size = binary.BigEndian.Uint64(b[:])
	}
	if size > maxMessage {
		return nil, 0, errFrame
	}
	var mask [4]byte
	if head[1]&0x80 != 0 {
		if _, err := io.ReadFull(r, mask[:]); err != nil {
			return nil, 0, err
		}
	}
	opcode := head[0] & 0x0f
	if opcode != 0x8 && opcode != 0x9 || size > 125 {
		n, err := io.CopyN(io.Discard, r, int64(size))
		return nil, n, err
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, 0, err
	}
	for k := range text {
		text[k] ^= mask[k%4]
	}
	if opcode == 0x9 {
		return append([]byte{0x8a, byte(size)}, text...), int64(size), nil
	}
	return append([]byte{0x88, byte(size)}, text...), int64(size), nil
}
