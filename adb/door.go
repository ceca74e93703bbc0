package adb

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/electricbubble/gadb"
)

// door stands between gadb and the adb server, because gadb v0.1.0 takes no context, has no deadline for writes and
// believes every length that a phone says. gadb dials the door; the door opens the phone's sync service itself, checks
// each message of the phone ([guard]) and closes both ends when the context ends.
type door struct {
	d   *Device
	op  string
	ctx context.Context
	ln  net.Listener
	wg  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool // nil once closed
	err   error             // the first thing that went wrong on the phone's side
}

// throughDoor runs one gadb call. What the door saw explains a failure better than gadb's own words.
func (d *Device) throughDoor(ctx context.Context, op string, call func(gadb.Device) (int64, error)) (int64, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, newFault(LocalFile, d.serial, op, err)
	}
	r := &door{d: d, op: op, ctx: ctx, ln: ln, conns: map[net.Conn]bool{}}
	r.wg.Go(r.accept)
	stop := context.AfterFunc(ctx, r.close)
	n, err := r.call(call)
	stop()
	r.close()
	r.wg.Wait()

	var f *Fault
	switch {
	case err == nil:
		return n, nil
	case over(ctx):
		return n, ended(ctx, d.serial, op)
	case errors.As(err, &f):
		return n, err
	case r.err != nil:
		return n, r.err
	}
	return n, newFault(NoExit, d.serial, op, err)
}

func (r *door) call(call func(gadb.Device) (int64, error)) (int64, error) {
	addr := r.ln.Addr().(*net.TCPAddr)
	client, err := gadb.NewClientWith(addr.IP.String(), addr.Port)
	if err != nil {
		return 0, err
	}
	devices, err := client.DeviceList() // answered by the door
	if err != nil {
		return 0, err
	}
	if len(devices) != 1 {
		return 0, fmt.Errorf("gadb sees %d phones", len(devices))
	}
	return call(devices[0])
}

func (r *door) accept() {
	for {
		conn, err := r.ln.Accept()
		if err != nil {
			return
		}
		if !r.hold(conn) {
			return
		}
		r.wg.Go(func() {
			defer r.drop(conn)
			r.serve(conn)
		})
	}
}

// serve answers one connection of gadb: nothing (it only tries whether there is a server), the list of phones, or sync.
func (r *door) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	request, err := readRequest(in)
	if err != nil {
		return
	}
	if request == "host:devices-l" { // gadb has no other way to a Device, and would drop some lines of the real list
		line := "phone device behind:door transport_id:0\n"
		fmt.Fprintf(conn, "OKAY%04x%s", len(line), line)
		return
	}
	k, err := r.d.open(r.ctx, r.op, "sync:")
	if err != nil {
		r.fail(err)
		return
	}
	defer k.Close()
	if !r.hold(k) {
		return
	}
	defer r.drop(k)
	io.WriteString(conn, "OKAY") // to host:transport
	if request, err = readRequest(in); err != nil || request != "sync:" {
		return
	}
	io.WriteString(conn, "OKAY")
	r.wg.Go(func() {
		io.Copy(k, in)
		k.Close() // gadb has gone
	})
	g := guard{from: bufio.NewReader(k), to: conn, file: r.d.limits.File}
	if err := g.run(); err != nil {
		r.fail(r.explain(k, err))
	}
}

// explain turns an error of the guard into a fault.
func (r *door) explain(k *socket, err error) error {
	var big tooLargeError
	var no refusal
	switch {
	case errors.As(err, &no):
		return newFault(fileCode(string(no)), r.d.serial, r.op, no)
	case errors.As(err, &big):
		return newFault(TooLarge, r.d.serial, r.op, err)
	case errors.As(err, new(malformedError)):
		return newFault(Malformed, r.d.serial, r.op, err)
	}
	return k.cut(err)
}

func (r *door) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil && r.conns != nil { // what breaks after the call has ended is not its failure
		r.err = err
	}
}

func (r *door) hold(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns == nil {
		c.Close()
		return false
	}
	r.conns[c] = true
	return true
}

func (r *door) drop(c net.Conn) {
	c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
}

func (r *door) close() {
	r.ln.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		c.Close()
	}
	r.conns = nil
}

// readRequest reads one request of a smart socket.
func readRequest(r io.Reader) (string, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return "", err
	}
	var n [2]byte
	if _, err := hex.Decode(n[:], head[:]); err != nil {
		return "", err
	}
	b := make([]byte, int(n[0])<<8|int(n[1]))
	_, err := io.ReadFull(r, b)
	return string(b), err
}
