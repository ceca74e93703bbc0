package harness

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// ProxyPort is the port on the phone's loopback that is reversed to our proxy, the same for the whole run: removing or
// moving a reverse while an app dials kills the adb server.
const ProxyPort = 18080

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
	drops := l.link.dropped()
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
	if went, whose, what := l.link.since(ctx, a.drops, !ok); went {
		ok, class, detail = false, whose, what
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
