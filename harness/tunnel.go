package harness

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// ProxyPort is the port on the phone's loopback that is reversed to our proxy, the same for the whole run: removing or
// moving a reverse while an app dials kills the adb server.
const ProxyPort = 18080

// link watches a phone's connection to its adb server, so that a blip between two looks is not missed: a drop of a
// millisecond silently takes the reverse tunnel with it.
type link struct {
	mu     sync.Mutex
	drops  int
	class  string // whose fault the last one was
	last   string
	at     time.Time            // of the last drop
	others map[string]time.Time // the last drop of other phones of the same server
}

// Phones that drop within incident of each other dropped together: a hub, or the server itself.
const (
	incident   = 2 * time.Second
	watchAgain = 200 * time.Millisecond // a server that has gone is looked for
)

// watch counts what takes a phone away until the context ends, through whatever becomes of the adb server.
func (l *link) watch(ctx context.Context, server adb.Server, serial string, events <-chan adb.Event) {
	tick := time.NewTicker(watchAgain)
	defer tick.Stop()
	for {
		l.follow(events, serial)
		for events = nil; events == nil; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				events, _ = server.Track(ctx) // a server that is away is counted once, when it went
			}
		}
	}
}

// follow counts until the events end.
func (l *link) follow(events <-chan adb.Event, serial string) {
	for e := range events {
		// A phone that was a device and is one again was plugged anew between two looks: its tunnels are gone.
		back := e.State == adb.StateDevice && e.Was != adb.StateDevice
		if e.Err == nil && back {
			continue
		}
		l.mu.Lock()
		switch {
		case e.Err != nil:
			l.drop(leak.FaultHarness, e.At, "the adb server went away: "+e.Err.Error())
		case e.Serial == serial:
			l.drop(leak.FaultPhone, e.At, fmt.Sprintf("the phone went from %q to %q", e.Was, e.State))
		case e.Was == adb.StateDevice && len(l.others) < maxOthers:
			if l.others == nil {
				l.others = map[string]time.Time{}
			}
			l.others[e.Serial] = e.At
		}
		l.mu.Unlock()
	}
}

// maxOthers is more phones than one computer has.
const maxOthers = 1024

// drop counts one. That a phone is away while the server is, too, is the server's doing.
func (l *link) drop(class string, at time.Time, what string) {
	if l.class == leak.FaultHarness && at.Sub(l.at) < incident {
		class, what = l.class, l.last
	}
	l.drops, l.class, l.at, l.last = l.drops+1, class, at, what
}

// seen gives how often the phone dropped, whose fault the last time was, and what it was, with how many other phones went
// at that moment.
func (l *link) seen() (drops int, class, last string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	together := 0
	for _, at := range l.others {
		if at.Sub(l.at).Abs() < incident {
			together++
		}
	}
	if l.drops > 0 && together > 0 {
		return l.drops, l.class, fmt.Sprintf("%s, and %d other phones of its adb server with it: look at their hub", l.last, together)
	}
	return l.drops, l.class, l.last
}

// blame corrects a fault: a phone that was lost because the adb server went is not to blame. drops is how often it had
// dropped when the attempt began.
func (l *link) blame(f *leak.Fault, drops int) *leak.Fault {
	now, class, last := l.seen()
	if f == nil || f.Code != leak.CodeDeviceLost || now == drops || class != leak.FaultHarness {
		return f
	}
	return &leak.Fault{Class: class, Code: leak.CodeCaptureGap, Detail: last + "; then " + f.Detail}
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
	want := adb.Reverse{Device: ProxyPort, Host: l.proxyPort}
	if l.relay != nil {
		want = adb.Reverse{Device: tunnelPort, Host: l.relay.port}
	}
	switch {
	case !slices.Contains(reverses, want):
		return false, fmt.Sprintf("the reverse tunnel of tcp:%d is gone from the phone", want.Device), nil
	case l.relay != nil && !l.awaitRelay(ctx, relayBack):
		return false, "the relay on the phone is gone", nil
	}
	return l.proxied(ctx)
}

// proxied reads back that the phone is still told to use our proxy.
func (l *Lease) proxied(ctx context.Context) (bool, string, error) {
	got, err := l.device.Setting(ctx, adb.HTTPProxy)
	if err != nil {
		return false, "", err
	}
	if want := l.proxyValue(); !got.Set || got.Value != want {
		return false, fmt.Sprintf("http_proxy on the phone is %q, not %q", got.Value, want), nil
	}
	return true, "", nil
}

func proxyValue() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ProxyPort)) }

// around is the state of the tunnel at both ends of a window.
type around struct {
	tunnel leak.Tunnel
	drops  int
	moment moment
}

// before looks at phone and tunnel when a window opens, making the tunnel again if an earlier fault took it.
func (l *Lease) before(ctx context.Context) (around, error) {
	if err := l.fit(ctx); err != nil {
		return around{}, err
	}
	if err := l.ready(ctx); err != nil {
		return around{}, err
	}
	m, err := l.moment(ctx)
	if err != nil {
		return around{}, err
	}
	if err := l.reviveProxy(ctx); err != nil {
		return around{}, err
	}
	if err := l.ensureTunnel(ctx); err != nil {
		return around{}, err
	}
	if err := l.ledBack(ctx); err != nil {
		return around{}, err
	}
	drops, _, _ := l.link.seen()
	ok, detail, err := l.alive(ctx)
	if err != nil {
		return around{}, err
	}
	a := around{tunnel: leak.Tunnel{Before: ok, Detail: detail}, drops: drops, moment: m}
	if !ok {
		return a, &Gap{Class: leak.FaultHarness, Detail: detail}
	}
	return a, nil
}

// after looks at it when the window closes. The tunnel held only if nothing dropped in between.
func (l *Lease) after(ctx context.Context, a around) (leak.Tunnel, error) {
	t := a.tunnel
	m, err := l.moment(ctx)
	if err == nil {
		err = l.passed(a.moment, m)
	}
	if err == nil {
		err = l.online(ctx)
	}
	if err != nil {
		return t, err
	}
	ok, detail, err := l.alive(ctx)
	if err != nil {
		return t, err
	}
	class := leak.FaultHarness
	if drops, whose, last := l.link.seen(); drops != a.drops {
		ok, class, detail = false, whose, last
	}
	touched, err := l.aroundUs(ctx)
	if err != nil {
		return t, err
	}
	if len(touched) > 0 {
		what := l.directly(touched)
		if !ok { // what was found first is why
			what = detail + "; " + what
		}
		ok, detail = false, what
	}
	t.After, t.Detail = ok, detail
	if !ok {
		return t, &Gap{Class: class, Detail: detail}
	}
	return t, nil
}
