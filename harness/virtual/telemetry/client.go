package telemetry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

// Network is what a client sends through; network.App is one.
type Network interface {
	HTTP() *http.Client
	DialTLS(ctx context.Context, address string, alpn ...string) (*tls.Conn, error)
	DialTunnel(ctx context.Context, address string) (net.Conn, error)
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// What makes a client flush, as the manifest names it.
const (
	ByInterval   = "interval"
	ByCount      = "count"
	ByBackground = "background"
	ByCall       = "explicit"
)

// ClientOptions make a client. Zero values have the defaults given.
type ClientOptions struct {
	UID      int
	Device   Device   // Device.Package is the app
	URL      string   // collector: https or http, also of WebSocket; tls, tunnel or tcp of streams, udp of datagrams, with a port
	Encoding Encoding //
	Network  Network
	Queue    *Queue             // outlives the client as an app's data does; nil: a new one
	Recorder *manifest.Recorder // nil: nothing is recorded
	Pinned   bool               // nobody on the way can read what the app sends; also taken from a Network that has a method Pinned

	Interval time.Duration    // between an event and its flush; default 15s; negative: never by time
	Count    int              // events that cause a flush; default 100; negative: never by count
	Timeout  time.Duration    // of one request; default 30s
	Now      func() time.Time // the host's clock, for the manifest; default time.Now
	Clock    func() time.Time // the phone's clock, for what is sent; default Now
}

// Client is one app's analytics kit: a queue, a flush clock, retries. Its methods may be called from any goroutine.
//
// A request whose answer is 2xx, or 4xx other than 403 and 404, is done; after any other answer, or none, its events stay
// queued and are sent again at the next flush, in the same order (sa-sdk-android, AnalyticsMessages).
type Client struct {
	options  ClientOptions
	queue    *Queue
	ctx      context.Context
	cancel   context.CancelFunc
	done     chan struct{}
	wake     chan string   // what asks for a flush; one waits at most
	pending  chan struct{} // an event came
	flushing chan struct{} // holds one token: one flush at a time
	close    sync.Once
}

// NewClient starts a client. Close ends it.
func NewClient(o ClientOptions) (*Client, error) {
	switch {
	case o.Network == nil:
		return nil, errors.New("starting telemetry: no network")
	case o.Encoding.Encode == nil || o.Encoding.Batch < 1:
		return nil, fmt.Errorf("starting telemetry: encoding %q encodes nothing", o.Encoding.Name)
	}
	if _, _, err := target(o.URL); err != nil {
		return nil, fmt.Errorf("starting telemetry: %w", err)
	}
	if says, ok := o.Network.(interface{ Pinned() bool }); ok && says.Pinned() {
		o.Pinned = true
	}
	if o.Interval == 0 {
		o.Interval = 15 * time.Second
	}
	if o.Count == 0 {
		o.Count = 100
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Clock == nil {
		o.Clock = o.Now
	}
	if o.Queue == nil {
		o.Queue = NewQueue()
	}
	c := &Client{
		options: o, queue: o.Queue, done: make(chan struct{}),
		wake: make(chan string, 1), pending: make(chan struct{}, 1), flushing: make(chan struct{}, 1),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if c.queue.Len() > 0 { // left by an earlier start
		c.pending <- struct{}{}
	}
	go c.run()
	return c, nil
}

// Track queues an event. It never waits for the network.
func (c *Client) Track(e Event) {
	if e.Time.IsZero() {
		e.Time = c.options.Clock()
	}
	queued := c.queue.push(e)
	select {
	case c.pending <- struct{}{}:
	default:
	}
	if c.options.Count > 0 && queued >= c.options.Count {
		c.ask(ByCount)
	}
}

// Background says that the app left the screen: kits flush then, without the caller waiting.
func (c *Client) Background() { c.ask(ByBackground) }

// ask wakes the clock. A flush that waits to begin will send everything, so a second one is not needed.
func (c *Client) ask(trigger string) {
	select {
	case c.wake <- trigger:
	default:
	}
}

// Flush sends everything queued, one request after the other, and returns the first failure. What failed stays queued if
// the kit would send it again.
func (c *Client) Flush(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	return c.flush(ctx, ByCall)
}

// Close stops the clock, cuts what is being sent, and waits. It does not flush: the queue keeps what was not sent.
func (c *Client) Close() {
	c.close.Do(c.cancel)
	<-c.done
	c.flushing <- struct{}{} // a Flush of another goroutine has ended
	<-c.flushing
}

// run is the flush clock: it starts with the first event after a flush, and again after a flush that failed.
func (c *Client) run() {
	defer close(c.done)
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	armed := false
	arm := func() {
		if !armed && c.options.Interval > 0 {
			timer.Reset(c.options.Interval)
			armed = true
		}
	}
	for {
		trigger := ByInterval
		select {
		case <-c.ctx.Done():
			return
		case <-c.pending:
			arm()
			continue
		case trigger = <-c.wake:
			timer.Stop()
		case <-timer.C:
		}
		armed = false
		_ = c.flush(c.ctx, trigger) // the manifest has what became of it
		if c.queue.Len() > 0 {
			arm()
		}
	}
}

func (c *Client) flush(ctx context.Context, trigger string) error {
	select {
	case c.flushing <- struct{}{}:
		defer func() { <-c.flushing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for ctx.Err() == nil {
		items := c.queue.head(c.options.Encoding.Batch)
		if len(items) == 0 {
			return nil
		}
		if keep, err := c.send(ctx, trigger, items); err != nil {
			if !keep {
				c.queue.remove(items)
			}
			return fmt.Errorf("sending %d events of %s: %w", len(items), c.options.Device.Package, err)
		}
		c.queue.remove(items)
	}
	return ctx.Err()
}
