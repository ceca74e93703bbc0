package harness

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
	"github.com/telltale-farm/telltale/harness/profile"
)

// Ports on the phone's loopback when the relay runs there: apps use the first as their proxy, the relay reaches us by
// the second. Neither is ProxyPort, so that a reverse which an earlier run left there is in nobody's way.
const (
	relayPort  = 18088
	tunnelPort = 18081
)

// The relay on the phone. /data/local/tmp is where the shell may run what it wrote (Android 6 to 14; unverified on MIUI).
const (
	relayFile = "/data/local/tmp/telltale-relay"
	relayLog  = "/data/local/tmp/telltale-relay.log"
)

// removeRelay ends whatever relay runs and removes what we put there. It may be repeated.
const removeRelay = `for p in $(pidof telltale-relay); do kill $p; done; rm -f ` + relayFile + " " + relayLog

// Waits for the relay.
const (
	relayStart = 20 * time.Second // to hold its connection to us, from its start
	relayRuns  = time.Second      // how often it is asked meanwhile whether it runs at all
	relayBack  = 2 * time.Second  // to come back after the tunnel was away
	relayLook  = 20 * time.Millisecond
	relayGrace = 30 * time.Second // without us, before it clears the phone's proxy
)

// relaying is the relay of one lease.
type relaying struct {
	binary string // on this computer
	token  []byte
	port   int // of ours, where it reaches us
	grace  time.Duration
	kept   bool // the undo journal knows of it

	lines int                 // of its log that were read
	open  map[int]relayRecord // direct connections that have not ended
}

// relayBinary finds the relay that a phone can run; empty if there is none.
func (l *Lease) relayBinary(ctx context.Context) (string, error) {
	if l.Relays == "" {
		return "", nil
	}
	var list string
	if l.profile.Kind == profile.Virtual {
		list = runtime.GOARCH // a virtual phone runs it on this computer's processor, whatever it says of its own
	} else {
		props, err := l.device.Props(ctx)
		if err != nil {
			return "", err
		}
		list = props["ro.product.cpu.abilist"]
	}
	for abi := range strings.SplitSeq(list, ",") {
		name := map[string]string{"arm64-v8a": "arm64", "arm64": "arm64", "armeabi-v7a": "arm", "arm": "arm", "x86_64": "amd64", "amd64": "amd64"}[abi]
		path := filepath.Join(l.Relays, "relay-"+name)
		if _, err := os.Stat(path); name != "" && err == nil {
			return path, nil
		}
	}
	return "", nil
}

// listenForRelay gives the relay a port of ours, if the phone can run one. Whether it does is seen when it is started.
func (l *Lease) listenForRelay(ctx context.Context) error {
	binary, err := l.relayBinary(ctx)
	if err != nil || binary == "" {
		return err
	}
	token := make([]byte, 16)
	_, _ = rand.Read(token) // never fails
	grace := l.RelayGrace
	if grace == 0 {
		grace = relayGrace
	}
	l.relay = &relaying{binary: binary, token: token, grace: grace, open: map[int]relayRecord{}}
	return l.serveRelay()
}

// serveRelay has the proxy take the relay's connections, on the port that the relay had before if there is one.
func (l *Lease) serveRelay() error {
	listener, err := listenOn(l.relay.port)
	if err != nil {
		return err
	}
	l.relay.port = portOf(listener)
	proxy, taken := l.proxy, &capture.Relay{Token: l.relay.token, App: func(conn int64, peer capture.Peer) { l.rec.App(conn, l.relayedApp(peer)) }}
	proxy.serve(listener, func() error { return proxy.ServeRelay(listener, taken) })
	return nil
}

// relayedApp is whose a connection is, as the relay found in the phone's own tables. Several packages may share a uid,
// and the second user of a phone has uids of its own: 1010152 is app 10152 of user 10.
func (l *Lease) relayedApp(p capture.Peer) record.App {
	if p.UID < 0 {
		return record.App{}
	}
	names := l.apps[p.UID]
	if names == nil {
		names = l.apps[p.UID%100_000]
	}
	app := record.App{UID: p.UID, By: flow.ByRelay}
	switch {
	case len(names) == 1:
		app.Package = names[0]
	case p.Package != "" && slices.Contains(names, p.Package):
		app.Package = p.Package
	default:
		app.Candidates = slices.Sorted(slices.Values(names))
	}
	return app
}

// tryRelay starts the relay, and goes on without if the phone does not let it run: apps are then known by elimination,
// where they are.
func (l *Lease) tryRelay(ctx context.Context) error {
	if l.relay == nil {
		return nil
	}
	err := l.device.EnsureReverse(ctx, tunnelPort, l.relay.port)
	if adb.CodeOf(err) == adb.ReverseTaken { // by a killed run: its relay and its proxy are gone by now
		if err = l.clearRelay(ctx); err == nil {
			err = l.device.EnsureReverse(ctx, tunnelPort, l.relay.port)
		}
	}
	if err == nil {
		err = l.startRelay(ctx)
	}
	if err == nil {
		return l.dir.AppendJournal("relay", map[string]any{"event": "started", "binary": filepath.Base(l.relay.binary)})
	}
	if f := faultOf(err); ctx.Err() != nil || adb.CodeOf(err) != "" && f != nil && f.Code == leak.CodeDeviceLost {
		return err // that it cannot run is not what was found out
	}
	l.say("without the relay, apps are known by elimination: " + err.Error())
	l.relay = nil
	_, _ = l.device.Script(ctx, removeRelay) // it is in the undo journal too
	return l.dir.AppendJournal("relay", map[string]any{"event": "not started", "error": err.Error()})
}

// clearRelay takes away what a run that was killed left of its relay, the tunnel last: nobody may dial it then.
func (l *Lease) clearRelay(ctx context.Context) error {
	if err := l.device.ClearProxy(ctx); err != nil {
		return err
	}
	if _, err := l.device.Script(ctx, removeRelay); err != nil {
		return err
	}
	return l.device.RemoveReverse(ctx, tunnelPort)
}

// startRelay puts the relay on the phone and starts it, in place of any that runs there.
func (l *Lease) startRelay(ctx context.Context) error {
	if !l.relay.kept {
		if err := l.rememberScript("the relay on the phone", removeRelay); err != nil {
			return err
		}
		l.relay.kept = true
	} else if _, err := l.aroundUs(ctx); err != nil { // the evidence has what it says, as far as it can be read
		l.say("the relay's log before its end: " + err.Error())
	}
	if _, err := l.device.Script(ctx, removeRelay); err != nil {
		return err
	}
	f, err := os.Open(l.relay.binary)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := l.device.Push(ctx, f, relayFile, 0o755); err != nil {
		return err
	}
	l.relay.lines, l.relay.open = 0, map[int]relayRecord{}
	start := fmt.Sprintf("setsid %s -listen %d -host %d -token %s -grace %s </dev/null >%s 2>&1 &",
		relayFile, relayPort, tunnelPort, hex.EncodeToString(l.relay.token), l.relay.grace, relayLog)
	if _, err := l.device.Script(ctx, start); err != nil {
		return err
	}
	absent := 0
	for begun := time.Now(); !l.awaitRelay(ctx, relayRuns); {
		running, err := l.device.Script(ctx, "pidof telltale-relay; true")
		if err != nil {
			return err
		}
		if absent++; len(running.Stdout) > 0 {
			absent = 0
		}
		if absent > 1 || time.Since(begun) > relayStart {
			said, _ := l.device.Script(ctx, "cat "+relayLog)
			return &Gap{Class: leak.FaultHarness, Detail: fmt.Sprintf("the relay on the phone did not reach us within %s: %q",
				time.Since(begun).Round(time.Second), said.Stdout[:min(len(said.Stdout), 300)])}
		}
	}
	return nil
}

// awaitRelay waits until the relay holds its connection to us.
func (l *Lease) awaitRelay(ctx context.Context, patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(relayLook)
	defer tick.Stop()
	for !l.proxy.RelayAlive() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// ensureTunnel makes the phone's way to us again where it is gone.
func (l *Lease) ensureTunnel(ctx context.Context) error {
	if l.relay == nil {
		return l.device.EnsureReverse(ctx, ProxyPort, l.proxyPort)
	}
	if err := l.device.EnsureReverse(ctx, tunnelPort, l.relay.port); err != nil || l.awaitRelay(ctx, relayBack) {
		return err
	}
	return l.startRelay(ctx)
}

// appsPort is the port that apps are told as their proxy.
func (l *Lease) appsPort() int {
	if l.relay != nil {
		return relayPort
	}
	return ProxyPort
}

func (l *Lease) proxyValue() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(l.appsPort()))
}
