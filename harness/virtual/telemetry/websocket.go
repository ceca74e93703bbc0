package telemetry

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Opcodes of WebSocket frames (RFC 6455, section 11.8).
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	final    = 0x80
)

// stream connects, sends each message in a frame of its own, and closes. The messages are delivered when the server
// answers the close.
func (c *Client) stream(ctx context.Context, r Request, o *outcome) error {
	u, err := url.Parse(r.URL)
	if err != nil {
		return err
	}
	host, port, err := target(r.URL)
	if err != nil {
		return err
	}
	address := net.JoinHostPort(host, strconv.Itoa(port))
	var conn net.Conn
	if u.Scheme == "wss" {
		secure, failure := c.options.Network.DialTLS(ctx, address, "http/1.1")
		if failure != nil {
			return failure
		}
		conn = secure
	} else if conn, err = c.options.Network.DialTunnel(ctx, address); err != nil {
		return err
	}
	defer conn.Close()
	o.leaving(via(conn))
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	answers, err := upgrade(conn, u, r.Header)
	if err != nil {
		return err
	}
	for _, m := range r.Messages {
		opcode := byte(opText)
		if m.Binary {
			opcode = opBinary
		}
		if err := writeFrame(conn, opcode, m.Data); err != nil {
			return err
		}
	}
	if err := writeFrame(conn, opClose, []byte{0x03, 0xe8}); err != nil { // 1000, normal closure
		return err
	}
	o.mu.Lock()
	o.written = true
	o.mu.Unlock()
	if err := awaitClose(answers); err != nil {
		return err
	}
	o.mu.Lock()
	o.status = http.StatusSwitchingProtocols // now, not before: the server has everything
	o.mu.Unlock()
	return nil
}

// upgrade makes a WebSocket of a connection.
func upgrade(conn net.Conn, u *url.URL, header http.Header) (*bufio.Reader, error) {
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	key := base64.StdEncoding.EncodeToString(nonce)
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n", u.RequestURI(), u.Host, key)
	if err := header.Write(&b); err != nil {
		return nil, err
	}
	b.WriteString("\r\n")
	if _, err := io.WriteString(conn, b.String()); err != nil {
		return nil, err
	}
	r := bufio.NewReader(io.LimitReader(conn, maxAnswer))
	answer, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if answer.StatusCode != http.StatusSwitchingProtocols || answer.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("upgrading to WebSocket: %s", answer.Status)
	}
	return r, nil
}

// writeFrame writes a whole message, masked as clients have to.
func writeFrame(w io.Writer, opcode byte, data []byte) error {
	const masked = 0x80
	frame := []byte{final | opcode}
	switch n := len(data); {
	case n < 126:
		frame = append(frame, masked|byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, masked|126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, masked|127), uint64(n))
	}
	mask := make([]byte, 4)
	if _, err := rand.Read(mask); err != nil {
		return err
	}
	frame = append(frame, mask...)
	for i, c := range data {
		frame = append(frame, c^mask[i%4])
	}
	_, err := w.Write(frame)
	return err
}

// awaitClose reads frames until the server closes.
func awaitClose(r *bufio.Reader) error {
	for {
		var head [2]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return fmt.Errorf("waiting for the server to close: %w", err)
		}
		if head[0]&0x0f == opClose {
			return nil
		}
		size := int64(head[1] & 0x7f)
		switch size {
		case 126:
			var b [2]byte
			if _, err := io.ReadFull(r, b[:]); err != nil {
				return err
			}
			size = int64(binary.BigEndian.Uint16(b[:]))
		case 127:
			return errors.New("server sent a message without end")
		}
		if _, err := io.CopyN(io.Discard, r, size); err != nil {
			return err
		}
	}
}
