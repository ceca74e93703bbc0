package harness

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// ProxyPort is the port on the phone's loopback that is reversed to our proxy, the same for the whole run: removing or
// moving a reverse while an app dials kills the adb server.
const ProxyPort = 18080

// link watches a phone's connection to its adb server, so that a blip between two looks is not missed: a drop of a
// millisecond silently takes the reverse tunnel with it.
type link struct {
	mu    sync.Mutex
	drops int
	last  string
}

// watch counts what takes a phone away until the context ends.
func (l *link) watch(events <-chan adb.Event, serial string) {
	for e := range events {
		// A phone that was a device and is one again was plugged anew between two looks: its tunnels are gone.
		back := e.State == adb.StateDevice && e.Was != adb.StateDevice
		if e.Err == nil && (e.Serial != serial || back) {
			continue
		}
		l.mu.Lock()
		l.drops++
		if e.Err != nil {
			l.last = "the adb server went away: " + e.Err.Error()
		} else {
			l.last = fmt.Sprintf("the phone went from %q to %q", e.Was, e.State)
		}
		l.mu.Unlock()
	}
}

func (l *link) seen() (drops int, last string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.drops, l.last
}

// alive says whether proxy, reverse tunnel and phone stand, and if not, which of them and why.
func (l *Lease) alive(ctx context.Context) (ok bool, detail string, err error) {
	if err := l.proxyEnded(); err != nil {
		return false, "our proxy has ended: " + err.Error(), nil
	}
	reverses, err := l.device.Reverses(ctx)
	if err != nil {
		return false, "", err
	}
	for _, r := range reverses {
		if r.Device == ProxyPort && r.Host == l.proxyPort {
			return l.proxied(ctx)
		}
	}
	return false, fmt.Sprintf("the reverse tunnel of tcp:%d is gone from the phone", ProxyPort), nil
}

// proxied reads back that the phone is still told to use our proxy.
func (l *Lease) proxied(ctx context.Context) (bool, string, error) {
	got, err := l.device.Setting(ctx, adb.HTTPProxy)
	if err != nil {
		return false, "", err
	}
	if want := proxyValue(); !got.Set || got.Value != want {
		return false, fmt.Sprintf("http_proxy on the phone is %q, not %q", got.Value, want), nil
	}
	return true, "", nil
}

func proxyValue() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ProxyPort)) }

// around is the state of the tunnel at both ends of a window.
type around struct {
	tunnel leak.Tunnel
	drops  int
}

// before looks at the tunnel when a window opens, making it again if an earlier fault took it.
func (l *Lease) before(ctx context.Context) (around, error) {
	if err := l.ready(ctx); err != nil {
		return around{}, err
	}
	if err := l.device.EnsureReverse(ctx, ProxyPort, l.proxyPort); err != nil {
		return around{}, err
	}
	drops, _ := l.link.seen()
	ok, detail, err := l.alive(ctx)
	if err != nil {
		return around{}, err
	}
	a := around{tunnel: leak.Tunnel{Before: ok, Detail: detail}, drops: drops}
	if !ok {
		return a, &Gap{Detail: detail}
	}
	return a, nil
}

// after looks at it when the window closes. The tunnel held only if nothing dropped in between.
func (l *Lease) after(ctx context.Context, a around) (leak.Tunnel, error) {
	t := a.tunnel
	ok, detail, err := l.alive(ctx)
	if err != nil {
		return t, err
	}
	if drops, last := l.link.seen(); drops != a.drops {
		ok, detail = false, last
	}
	t.After, t.Detail = ok, detail
	if !ok {
		return t, &Gap{Detail: detail}
	}
	return t, nil
}
