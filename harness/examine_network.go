package harness

import (
	"context"
	"fmt"

	"github.com/telltale-farm/telltale/adb"
)

// blindFix is what can be done about a phone that does not show its connections: nothing but to know.
const blindFix = "this Android does not let adb read it; what such a phone sends around the proxy cannot be excluded, so no verdict of it will be clean"

// socketTables reads the kernel's tables. Android 8 to 14 let the shell; later ones are unverified.
func socketTables() probe {
	return probe{
		id: "sockets", name: "its socket tables can be read", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			rows, err := x.lease.device.Sockets(ctx)
			switch {
			case adb.CodeOf(err) == adb.Denied, adb.CodeOf(err) == adb.Malformed:
				return no(err.Error(), blindFix)
			case err != nil:
				return failed(err)
			}
			return yes(fmt.Sprintf("%d rows of tcp, tcp6, udp, udp6", len(rows)))
		},
	}
}

// byteCounters reads the bytes of each app, from whatever source this Android has.
func byteCounters() probe {
	return probe{
		id: "counters", name: "bytes are counted for each app", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			t, err := x.lease.device.Traffic(ctx)
			switch {
			case adb.CodeOf(err) == adb.Malformed, adb.CodeOf(err) == adb.Denied:
				return no(err.Error(), blindFix)
			case err != nil:
				return failed(err)
			}
			return yes(fmt.Sprintf("%d apps have been counted", len(t)))
		},
	}
}

// redirected leads the phone's traffic to a proxy of ours; the end of the examination puts it back.
func redirected() probe {
	return probe{
		id: "proxy", name: "its traffic can be led to our proxy and back", needs: []string{"identity", "input"},
		try: func(ctx context.Context, x *examination) found {
			l := x.lease
			for _, step := range []func(context.Context) error{l.replay, l.describe, l.listen, l.redirect} {
				if err := step(ctx); err != nil {
					return no(err.Error(), fixOf(err, "see the message; if a setting is refused, the phone's security settings deny it to adb"))
				}
			}
			return yes("http_proxy set to " + proxyValue() + " and read back")
		},
	}
}

// loopbackUncounted settles a fact that no source states: that what goes to the proxy over the phone's loopback is not
// counted among an app's bytes. If it is, nothing proxied can be told from what went around.
func loopbackUncounted() probe {
	return probe{
		id: "counters-loopback", name: "what goes through the proxy is not counted as going around it", needs: []string{"counters", "proxy"},
		try: func(_ context.Context, x *examination) found {
			for _, b := range x.lease.profile.Browsers {
				v, ok := x.visits[b.ID]
				if !ok || !v.arrived {
					continue
				}
				switch {
				case v.err != nil:
					return failed(v.err)
				case v.around > 0:
					return unknown(fmt.Sprintf("%s sent %d bytes that were counted, while it opened our page through the proxy", b.App, v.around),
						"run doctor again with the app's own traffic at rest; if it stays, this Android counts loopback and `bypass` will be reported for it")
				}
				return yes("none was counted while " + b.App + " opened our page through the proxy")
			}
			return unknown("no browser opened our page through the proxy", "first see to the browsers")
		},
	}
}
