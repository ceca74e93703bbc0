package adb

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"time"
)

// maxService is the longest request a smart socket can carry: its length is four hex digits.
const maxService = 0xffff

// socket is one connection to an adb server. It dies with its context.
type socket struct {
	net.Conn
	ctx   context.Context
	phone string // for errors
	op    string
	stop  func() bool
}

// dial opens a connection to the adb server. ctx governs the whole life of the socket.
func (s Server) dial(ctx context.Context, phone, op string, limit time.Duration) (*socket, error) {
	dctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(dctx, "tcp", s.Addr)
	if err != nil {
		if over(ctx) {
			return nil, ended(ctx, phone, op)
		}
		return nil, newFault(ServerGone, phone, op, err)
	}
	k := &socket{Conn: conn, ctx: ctx, phone: phone, op: op}
	k.stop = context.AfterFunc(ctx, func() { conn.Close() })
	return k, nil
}

func (k *socket) Close() error {
	k.stop()
	return k.Conn.Close()
}

// broken explains a failed read or write of this socket.
func (k *socket) broken(err error) error {
	if over(k.ctx) {
		return ended(k.ctx, k.phone, k.op)
	}
	return newFault(ServerGone, k.phone, k.op, err)
}

// ask sends one request and reads its status; a FAIL is a fault.
func (k *socket) ask(request string) error {
	if len(request) == 0 || len(request) > maxService {
		return newFault(Usage, k.phone, k.op, fmt.Errorf("a request of %d bytes; an adb server takes 1 to %d", len(request), maxService))
	}
	if _, err := fmt.Fprintf(k.Conn, "%04x%s", len(request), request); err != nil {
		return k.broken(err)
	}
	return k.status()
}

// status reads OKAY, or FAIL with its text.
func (k *socket) status() error {
	var word [4]byte
	if _, err := io.ReadFull(k.Conn, word[:]); err != nil {
		return k.broken(err)
	}
	switch string(word[:]) {
	case "OKAY":
		return nil
	case "FAIL":
		text, err := k.text()
		if err != nil {
			return err
		}
		return refused(text, k.phone, k.op)
	}
	return newFault(Protocol, k.phone, k.op, fmt.Errorf("status %q", word))
}

// text reads four hex digits of length and that many bytes.
func (k *socket) text() (string, error) {
	var head [4]byte
	if _, err := io.ReadFull(k.Conn, head[:]); err != nil {
		return "", k.broken(err)
	}
	var n [2]byte
	if _, err := hex.Decode(n[:], head[:]); err != nil {
		return "", newFault(Protocol, k.phone, k.op, fmt.Errorf("length %q", head))
	}
	body := make([]byte, int(n[0])<<8|int(n[1]))
	if _, err := io.ReadFull(k.Conn, body); err != nil {
		return "", k.broken(err)
	}
	return string(body), nil
}

// rest reads to the end of the stream, at most limit bytes.
func (k *socket) rest(limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(k.Conn, limit+1))
	if err != nil {
		return b, k.broken(err)
	}
	if over(k.ctx) {
		return b, ended(k.ctx, k.phone, k.op)
	}
	if int64(len(b)) > limit {
		return b[:limit], newFault(TooLarge, k.phone, k.op, fmt.Errorf("more than %d bytes", limit))
	}
	return b, nil
}
