package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// outcome is what became of one attempt.
type outcome struct {
	mu      sync.Mutex // net/http's trace may still run when the request has failed
	via     manifest.Via
	written bool
	taken   bool // the far end had it all, in protocols without a status
	status  int
	pooled  closer // the connection of a request, kept for the next
}

func (o *outcome) leaving(v manifest.Via) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.via = v
}

// send makes one attempt at one batch and records it. keep says that the events are to be sent again after an error.
func (c *Client) send(ctx context.Context, trigger string, items []*item) (keep bool, err error) {
	b := Batch{URL: c.options.URL, Device: c.options.Device, Now: c.options.Clock()}
	for _, i := range items {
		b.Events = append(b.Events, i.event)
	}
	r, err := c.options.Encoding.Encode(b)
	if err != nil {
		return false, fmt.Errorf("encoding as %s: %w", c.options.Encoding.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	started := c.options.Now().UnixMicro()
	var o outcome
	switch {
	case len(r.Messages) > 0:
		err = c.stream(ctx, r, &o)
	case len(r.Stream) > 0:
		err = c.pour(ctx, r, &o)
	case len(r.Packets) > 0:
		err = c.throw(ctx, r, &o)
	default:
		err = c.request(ctx, r, &o)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	web := len(r.Stream)+len(r.Packets) == 0
	taken := o.status >= 200 && o.status <= 299 || len(r.Messages) > 0 && o.status == http.StatusSwitchingProtocols
	if err == nil && web && !taken {
		err = fmt.Errorf("collector answered %d", o.status)
		keep = o.status < 400 || o.status > 499 || o.status == http.StatusForbidden || o.status == http.StatusNotFound
	} else if err != nil {
		keep = true
	}
	c.record(trigger, started, items, r, &o, err)
	return keep, err
}

// request sends over HTTP. Redirects are not followed: kits take them for failures.
func (c *Client) request(ctx context.Context, r Request, o *outcome) error {
	trace := &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			o.leaving(via(info.Conn))
			o.mu.Lock()
			defer o.mu.Unlock()
			o.pooled, _ = under[closer](info.Conn)
		},
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.written = o.written || info.Err == nil
		},
	}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return err
	}
	for key, values := range r.Header {
		request.Header[key] = values
	}
	client := *c.options.Network.HTTP()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	o.mu.Lock()
	o.status = answer.StatusCode
	o.mu.Unlock()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	return nil
}

// closer is a connection that says when it is closed.
type closer interface{ Closing(func()) }

// via asks the connection, through TLS, how it left the phone. One that does not say is direct.
func via(c net.Conn) manifest.Via {
	if teller, ok := under[interface{ Via() string }](c); ok {
		return manifest.Via(teller.Via())
	}
	return manifest.Direct
}

// under looks through TLS and the like for a connection that can say something.
func under[T any](c net.Conn) (says T, ok bool) {
	for c != nil {
		if says, ok = c.(T); ok {
			return says, true
		}
		inner, wraps := c.(interface{ NetConn() net.Conn })
		if !wraps {
			break
		}
		c = inner.NetConn()
	}
	return says, false
}

// record makes an entry of each value at its first attempt, and brings it up to date at each later one.
func (c *Client) record(trigger string, started int64, items []*item, r Request, o *outcome, failure error) {
	host, port, _ := target(r.URL)
	var events []string
	for _, i := range items {
		events = append(events, i.event.Name)
	}
	now := func() int64 { return c.options.Now().UnixMicro() }
	closed := c.options.Recorder.Upload(manifest.Upload{
		Events: events,
		AtUS:   started, EndUS: now(), App: c.options.Device.Package, Host: host, Port: port, Encoding: c.options.Encoding.Name,
		Via: o.via, Bytes: r.size(), Written: o.written, Delivered: o.taken || o.status > 0, Readable: c.options.Encoding.Readable && !c.options.Pinned,
	})
	if o.pooled != nil {
		o.pooled.Closing(func() { closed(now()) })
	} else { // what is no request has a connection of its own
		closed(now())
	}
	for _, carried := range r.Carries {
		i := items[carried.Index]
		update := func(e *manifest.Entry) {
			e.LastUS, e.URL, e.Chain, e.Status, e.Error = started, r.URL, carried.Chain, o.status, ""
			if o.via != manifest.Unsent {
				e.Via = o.via
			}
			if failure != nil {
				e.Error = failure.Error()
			}
			e.Written = e.Written || o.written
			e.Delivered = e.Delivered || o.taken || o.status > 0
			e.Attempts++
		}
		key := string(carried.Kind) + " " + carried.Value
		if seq := i.entries[key]; seq != 0 {
			c.options.Recorder.Update(seq, update)
			continue
		}
		part, whole := "", carried.Value
		for _, v := range i.event.Values {
			if v.Part != "" && v.Text == carried.Value {
				part, whole = v.Part, v.Whole
			}
		}
		e := manifest.Entry{
			AtUS: started, App: c.options.Device.Package, UID: c.options.UID, Event: carried.Event, Trigger: trigger,
			Host: host, Port: port, Method: r.Method, Encoding: c.options.Encoding.Name, Kind: carried.Kind, Value: whole, Part: part,
			Readable: c.options.Encoding.Readable && !c.options.Pinned,
		}
		if part != "" {
			e.Sent = carried.Value
		}
		update(&e)
		i.entries[key] = c.options.Recorder.Add(e)
	}
}

// size is what a request carries in bytes, without heads and frames.
func (r Request) size() int {
	n := len(r.Body) + len(r.Stream)
	for _, m := range r.Messages {
		n += len(m.Data)
	}
	for _, p := range r.Packets {
		n += len(p)
	}
	return n
}

// target returns host and port of a collector's URL.
func target(text string) (string, int, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", 0, err
	}
	ports := map[string]int{"http": 80, "ws": 80, "https": 443, "wss": 443, "tls": 0, "tunnel": 0, "tcp": 0, "udp": 0}
	port, ok := ports[u.Scheme]
	if !ok || u.Hostname() == "" {
		return "", 0, fmt.Errorf("collector %q is no URL of http, https, tls, tunnel, tcp or udp", text)
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return "", 0, err
		}
	}
	if port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("collector %q has no port from 1 to 65535", text)
	}
	return u.Hostname(), port, nil
}
