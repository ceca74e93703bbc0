package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bounds of a request's head.
const (
	maxHead  = 64 << 10
	headTime = 30 * time.Second
)

// direct does for one connection what the host would have: CONNECT, or one request in absolute form.
func (r *relay) direct(ctx context.Context, c net.Conn, uid int) {
	release, ok := r.goAround(c)
	if !ok {
		return
	}
	defer release()
	_ = c.SetReadDeadline(time.Now().Add(headTime))
	head, rest, err := readHead(c)
	if err != nil {
		return // the app said nothing that could be served: nothing of it left the phone
	}
	_ = c.SetReadDeadline(time.Time{})
	to, err := aim(head)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return
	}
	id := r.log.id()
	done := record{Event: "closed", ID: id, UID: uid, To: net.JoinHostPort(to.host, strconv.Itoa(to.port))}
	begun := done
	begun.Event = "direct"
	r.log.write(begun)
	defer func() { r.log.write(done) }()
	server, err := r.on.dial(ctx, to.host, to.port)
	if err != nil {
		done.Error = err.Error()
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return
	}
	defer r.hold(server)()
	first := rest
	if to.connect {
		_, err = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	} else {
		first = append(to.head, rest...)
	}
	if err == nil && len(first) > 0 {
		_, err = server.Write(first)
	}
	if err != nil {
		done.Error = err.Error()
		return
	}
	done.Up, done.Down = splice(c, server)
	done.Up += int64(len(first))
}

// readHead reads to the end of a request's head, and gives what came behind it.
func readHead(c io.Reader) (head, rest []byte, err error) {
	b := make([]byte, 0, 4096)
	for {
		if at := bytes.Index(b, []byte("\r\n\r\n")); at >= 0 {
			return b[:at], b[at+4:], nil
		}
		if len(b) >= maxHead {
			return nil, nil, errors.New("a head that is too long")
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := c.Read(b[len(b):min(cap(b), maxHead)])
		b = b[:len(b)+n]
		if n == 0 && err != nil {
			return nil, nil, err
		}
	}
}

// target is where a request leads; head is it in origin form, of a request that is no CONNECT.
type target struct {
	host    string
	port    int
	connect bool
	head    []byte
}

var errRequest = errors.New("not a request to a proxy")

// aim reads the head of a request to a proxy.
func aim(head []byte) (t target, err error) {
	line, fields, _ := strings.Cut(string(head), "\r\n")
	method, rest, ok1 := strings.Cut(line, " ")
	where, version, ok2 := strings.Cut(rest, " ")
	if !ok1 || !ok2 || !strings.HasPrefix(version, "HTTP/1.") || method == "" {
		return t, errRequest
	}
	if method == "CONNECT" {
		t.connect = true
		return t, t.at(where, 0)
	}
	u, err := url.Parse(where)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return t, errRequest
	}
	if err := t.at(u.Host, 80); err != nil {
		return t, err
	}
	var b strings.Builder
	b.WriteString(method + " " + u.RequestURI() + " " + version + "\r\n")
	for field := range strings.SplitSeq(fields, "\r\n") {
		switch name, _, _ := strings.Cut(field, ":"); strings.ToLower(name) {
		case "", "connection", "keep-alive", "proxy-connection", "proxy-authorization":
		default:
			b.WriteString(field + "\r\n")
		}
	}
	b.WriteString("Connection: close\r\n\r\n")
	t.head = []byte(b.String())
	return t, nil
}

// at reads host:port. The phone's own loopback is nobody's business of a proxy's.
func (t *target) at(address string, port int) error {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		if port == 0 {
			return errRequest
		}
		host, text = strings.Trim(address, "[]"), strconv.Itoa(port)
	}
	t.port, err = strconv.Atoi(text)
	if ip := net.ParseIP(host); err != nil || t.port < 1 || t.port > 65535 || host == "" || host == "localhost" || ip != nil && ip.IsLoopback() {
		return errRequest
	}
	t.host = host
	return nil
}
