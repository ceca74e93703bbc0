package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// phone is what the relay needs of the phone that it runs on.
type phone interface {
	listen(port int) (net.Listener, error) // on the loopback
	dial(ctx context.Context, host string, port int) (net.Conn, error)
	read(path string) ([]byte, error)
	run(ctx context.Context, argv ...string) error
}

// Bounds of what the relay waits for.
const (
	dialTime = 15 * time.Second // for a server
	hostTime = 3 * time.Second  // for the far end of the tunnel
	bindTime = 5 * time.Second  // for a relay before us to let the port go
)

// kernel is a real phone.
type kernel struct{}

func (k *kernel) listen(port int) (net.Listener, error) {
	return net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

func (k *kernel) dial(ctx context.Context, host string, port int) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTime}
	text := strconv.Itoa(port)
	if net.ParseIP(host) != nil {
		return d.DialContext(ctx, "tcp", net.JoinHostPort(host, text))
	}
	ips, err := resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, ip := range ips {
		var c net.Conn
		if c, err = d.DialContext(ctx, "tcp", net.JoinHostPort(ip.String(), text)); err == nil {
			return c, nil
		}
	}
	return nil, err
}

const maxTable = 16 << 20 // bytes of one table of the kernel's

func (k *kernel) read(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err == nil && len(b) > maxTable {
		err = errors.New("reading " + path + ": too large")
	}
	return b, err
}

func (k *kernel) run(ctx context.Context, argv ...string) error {
	return exec.CommandContext(ctx, argv[0], argv[1:]...).Run()
}
