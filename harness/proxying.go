package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture"
)

// proxying is one life of a lease's proxy, on the port of the phone's tunnel and, with a relay, on the relay's.
type proxying struct {
	*capture.Proxy
	doors   []net.Listener
	serving sync.WaitGroup
	end     sync.Once
	ended   chan struct{} // closed when one of the ports is served no more
	why     error         // once it is closed
}

// serve lets the proxy serve a port. That it ends is the end of the proxy, whatever the reason.
func (p *proxying) serve(door net.Listener, with func() error) {
	p.doors = append(p.doors, door)
	p.serving.Go(func() {
		err := with()
		p.end.Do(func() { p.why = err; close(p.ended) })
	})
}

// stop ends the proxy, and waits for that.
func (p *proxying) stop(ctx context.Context) error {
	stopping, cancel := context.WithTimeout(ctx, drainProxy)
	defer cancel()
	err := p.Shutdown(stopping)
	for _, door := range p.doors {
		_ = door.Close() // the servers have closed what they knew of
	}
	p.serving.Wait()
	return err
}

// proxyEnded is nil while the proxy accepts connections.
func (l *Lease) proxyEnded() error {
	select {
	case <-l.proxy.ended:
		return errors.Join(errors.New("it accepts no more"), l.proxy.why)
	default:
		return nil
	}
}

// startProxy starts the phone's proxy: on a port that the system chooses, or on the one it had before, since the phone's
// tunnel leads there and may not be moved while apps dial.
func (l *Lease) startProxy(ctx context.Context) error {
	ca, err := capture.LoadOrCreateCA(caDir(l.State))
	if err != nil {
		return err
	}
	upstream, err := upstreamOf(l.Resolve, l.TrustPEM)
	if err != nil {
		return err
	}
	listener, err := listenOn(l.proxyPort)
	if err != nil {
		return err
	}
	if l.who == nil {
		l.who = newAttributor(l.apps, tcpSockets(l.device), l.rec.App)
	}
	held := newHolding(context.WithoutCancel(ctx), listener, l.who)
	proxy, err := capture.New(capture.Options{
		CA: ca, Record: l.rec, Upstream: upstream, ControlHost: l.ControlHost,
		Attribute: held.attribute, Refuse: refuser(l.Resolve),
	})
	if err != nil {
		listener.Close()
		return err
	}
	l.proxyPort = portOf(listener)
	l.proxy = &proxying{Proxy: proxy, ended: make(chan struct{})}
	l.proxy.serve(listener, func() error { return proxy.Serve(held) })
	return nil
}

// reviveProxy starts a proxy that ended again, so that the next attempt is a good one. The one that was under way is a
// capture gap all the same.
func (l *Lease) reviveProxy(ctx context.Context) error {
	why := l.proxyEnded()
	if why == nil {
		return nil
	}
	l.say("the proxy ended; starting it again")
	_ = l.proxy.stop(ctx) // of what is over already
	err := l.startProxy(ctx)
	if err == nil && l.relay != nil {
		if err = l.serveRelay(); err != nil {
			_ = l.proxy.stop(ctx) // half of a proxy would pass for one
		}
	}
	l.note("proxy", "started again: "+why.Error(), err)
	if err != nil {
		return &Gap{Class: leak.FaultHarness, Detail: fmt.Sprintf("our proxy has ended (%v), and it does not start again: %v", why, err)}
	}
	return nil
}

func listenOn(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }
