package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// doorVariable names the environment variable by which a virtual phone, whose kernel is not the one that runs us, gives
// us its door: address/secret. A real phone never sets it.
const doorVariable = "TELLTALE_PHONE"

// door is a virtual phone: each request is a connection of its own, a line of JSON with a line of JSON for an answer.
// After a dial the connection is the one that was dialled; after a listen it stays open as long as the port is ours.
type door struct{ address, secret string }

type question struct {
	Secret string   `json:"secret"`
	Do     string   `json:"do"` // listen, dial, read, run
	Host   string   `json:"host,omitempty"`
	Port   int      `json:"port,omitempty"`
	Real   int      `json:"real,omitempty"` // listen: the port on this computer that answers for it
	Path   string   `json:"path,omitempty"`
	Argv   []string `json:"argv,omitempty"`
}

type answer struct {
	Error string `json:"error,omitempty"`
	Data  []byte `json:"data,omitempty"`
}

// ask asks, and gives the connection with what came behind the answer.
func (d *door) ask(ctx context.Context, q question) (answer, net.Conn, error) {
	q.Secret = d.secret
	dialer := net.Dialer{Timeout: dialTime}
	c, err := dialer.DialContext(ctx, "tcp4", d.address)
	if err != nil {
		return answer{}, nil, err
	}
	line, err := json.Marshal(q)
	if err == nil {
		_ = c.SetDeadline(time.Now().Add(dialTime))
		_, err = c.Write(append(line, '\n'))
	}
	var a answer
	r := bufio.NewReader(c)
	if err == nil {
		line, err = r.ReadBytes('\n')
	}
	if err == nil {
		err = json.Unmarshal(line, &a)
	}
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	if err != nil {
		_ = c.Close()
		return a, nil, fmt.Errorf("asking the phone to %s: %w", q.Do, err)
	}
	_ = c.SetDeadline(time.Time{})
	return a, &behind{Conn: c, r: r}, nil
}

// behind is a connection of which a buffer may hold some bytes already.
type behind struct {
	net.Conn
	r io.Reader
}

func (b *behind) Read(p []byte) (int, error) { return b.r.Read(p) }

func (b *behind) CloseWrite() error { return b.Conn.(*net.TCPConn).CloseWrite() }

func (d *door) listen(port int) (net.Listener, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, lease, err := d.ask(context.Background(), question{Do: "listen", Port: port, Real: l.Addr().(*net.TCPAddr).Port})
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	go func() {
		_, _ = lease.Read(make([]byte, 1)) // the phone was switched off, or its owner is gone
		_ = l.Close()
	}()
	return &leased{Listener: l, lease: lease}, nil
}

// leased is a listener on a port of the phone's.
type leased struct {
	net.Listener
	lease net.Conn
}

func (l *leased) Close() error {
	_ = l.lease.Close()
	return l.Listener.Close()
}

func (d *door) dial(ctx context.Context, host string, port int) (net.Conn, error) {
	_, c, err := d.ask(ctx, question{Do: "dial", Host: host, Port: port})
	return c, err
}

func (d *door) read(path string) ([]byte, error) {
	a, c, err := d.ask(context.Background(), question{Do: "read", Path: path})
	if err != nil {
		return nil, err
	}
	return a.Data, c.Close()
}

func (d *door) run(ctx context.Context, argv ...string) error {
	_, c, err := d.ask(ctx, question{Do: "run", Argv: argv, Path: strings.Join(argv, " ")})
	if err != nil {
		return err
	}
	return c.Close()
}
