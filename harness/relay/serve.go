package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// relay is a relay at work.
type relay struct {
	options
	on     phone
	tables *tables
	log    *log
	last   atomic.Int64 // when the host last gave a sign of life, by the monotonic clock below; 0 for never
	began  time.Time
	open   sync.WaitGroup
	mu     sync.Mutex
	conns  map[net.Conn]bool
	around map[net.Conn]bool // of apps, served without the host
	told   bool              // by a signal to end
	finish context.CancelFunc
}

// maxConns bounds the connections of the phone's apps at once.
const maxConns = 2048

// linger is how long a relay that is to end keeps serving what is open: apps hear of the cleared proxy a moment later.
const linger = 5 * time.Second

// run serves until the context ends, the host says so, or the host was gone for the grace and the proxy is cleared.
func run(ctx context.Context, o options, on phone, l *log) error {
	told := ctx
	ctx, finish := context.WithCancel(ctx)
	defer finish()
	r := &relay{
		options: o, on: on, tables: &tables{on: on}, log: l, began: time.Now(), finish: finish,
		conns: map[net.Conn]bool{}, around: map[net.Conn]bool{},
	}
	listener, err := r.bind(ctx)
	if err != nil {
		return err
	}
	l.write(record{Event: "start"})
	var work sync.WaitGroup
	work.Go(func() { r.attend(ctx) })
	work.Go(func() { r.accept(ctx, listener) })
	work.Go(func() { r.reclaim(ctx) })
	<-ctx.Done()
	if told.Err() != nil { // another relay may follow, whose log knows nothing of ours: before it can have the port
		r.mu.Lock()
		r.told = true
		r.mu.Unlock()
		r.endAround()
	}
	_ = listener.Close()
	work.Wait()
	r.drain()
	l.write(record{Event: "end"})
	return nil
}

// bind takes the port, waiting for a relay that was told to end to let it go. A port that stays taken is an error: one
// relay per phone.
func (r *relay) bind(ctx context.Context) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(ctx, bindTime)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		l, err := r.on.listen(r.listen)
		if err == nil {
			return l, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}

// drain gives open connections a moment, then closes them.
func (r *relay) drain() {
	done := make(chan struct{})
	go func() { r.open.Wait(); close(done) }()
	limit := time.NewTimer(linger)
	defer limit.Stop()
	select {
	case <-done:
		return
	case <-limit.C:
	}
	r.mu.Lock()
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	<-done
}

func (r *relay) accept(ctx context.Context, l net.Listener) {
	slots := make(chan struct{}, maxConns)
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				r.finish() // a port that is taken from us: the phone was switched off
				return
			}
			select { // out of file descriptors, perhaps
			case <-ctx.Done():
				return
			case <-time.After(20 * time.Millisecond):
				continue
			}
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			_ = c.Close()
			return
		}
		r.open.Go(func() {
			defer func() { <-slots }()
			r.serve(ctx, c)
		})
	}
}

// hold closes a connection at the end of the relay, whatever it does then.
func (r *relay) hold(c net.Conn) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = true
	return func() {
		_ = c.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, c)
	}
}

// serve forwards one connection of an app.
func (r *relay) serve(ctx context.Context, c net.Conn) {
	defer r.hold(c)()
	uid := unknownUID
	from, ok := c.RemoteAddr().(*net.TCPAddr)
	if ok {
		uid = r.tables.owner(ctx, ends{from.Port, r.listen})
	}
	if r.alive() && ok {
		host, err := r.tunnel(context.WithoutCancel(ctx), header(false, from.Port, r.listen, uid, r.token))
		if err == nil {
			defer r.hold(host)()
			splice(c, host)
			return
		}
	}
	r.direct(context.WithoutCancel(ctx), c, uid)
}

// tunnel connects to the far end. A tunnel may accept and lead nowhere, so the far end has to answer the header.
func (r *relay) tunnel(ctx context.Context, head []byte) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, hostTime)
	defer cancel()
	c, err := r.on.dial(ctx, "127.0.0.1", r.host)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(hostTime))
	answer := make([]byte, 1)
	if _, err = c.Write(head); err == nil {
		_, err = io.ReadFull(c, answer)
	}
	if err == nil && answer[0] != accepted {
		err = errors.New("the far end of the tunnel is not our proxy")
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, c.SetDeadline(time.Time{})
}

// splice copies both ways until both are done, or one of them fails.
func splice(a, b net.Conn) (fromA, fromB int64) {
	var both sync.WaitGroup
	copyTo := func(to, from net.Conn, n *int64) {
		var err error
		*n, err = io.Copy(to, from)
		half, ok := to.(interface{ CloseWrite() error })
		if err != nil || !ok || half.CloseWrite() != nil {
			_ = a.Close()
			_ = b.Close()
		}
	}
	both.Go(func() { copyTo(b, a, &fromA) })
	both.Go(func() { copyTo(a, b, &fromB) })
	both.Wait()
	return fromA, fromB
}
