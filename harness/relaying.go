package harness

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	relayStart = 8 * time.Second // to hold its connection to us, from its start
	relayBack  = 2 * time.Second // to come back after the tunnel was away
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

// relayRecord is a line of the relay's log.
type relayRecord struct {
	Event string `json:"event"`
	At    int64  `json:"at_ms"`
	ID    int    `json:"id"`
	UID   int    `json:"uid"`
	To    string `json:"to"`
	Up    int64  `json:"up"`
	Down  int64  `json:"down"`
	Error string `json:"error"`
}

// maxRelayLines bounds what is taken from a log; the relay itself writes no more than a mebibyte.
const maxRelayLines = 50_000

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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	token := make([]byte, 16)
	_, _ = rand.Read(token) // never fails
	grace := l.RelayGrace
	if grace == 0 {
		grace = relayGrace
	}
	l.relay = &relaying{binary: binary, token: token, port: listener.Addr().(*net.TCPAddr).Port, grace: grace, open: map[int]relayRecord{}}
	taken := &capture.Relay{Token: token, App: func(conn int64, peer capture.Peer) { l.rec.App(conn, l.relayedApp(peer)) }}
	l.serving.Go(func() { _ = l.proxy.ServeRelay(listener, taken) })
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
	if !l.awaitRelay(ctx, relayStart) {
		said, _ := l.device.Script(ctx, "cat "+relayLog)
		return fmt.Errorf("the relay did not reach us within %s: %q", relayStart, said.Stdout[:min(len(said.Stdout), 300)])
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

// aroundUs reads what the relay did by itself since the last time: the direct connections that were open at any moment
// since then. Each is written into the evidence.
func (l *Lease) aroundUs(ctx context.Context) ([]relayRecord, error) {
	if l.relay == nil {
		return nil, nil
	}
	res, err := l.device.Script(ctx, "cat "+relayLog)
	var exit *adb.ExitError
	if errors.As(err, &exit) {
		return nil, &Gap{Class: leak.FaultHarness, Detail: "the log of the relay on the phone cannot be read, so nobody knows what it connected directly"}
	}
	if err != nil {
		return nil, err
	}
	fresh, err := l.relay.take(res.Stdout)
	if err != nil {
		return nil, &Gap{Class: leak.FaultHarness, Detail: err.Error()}
	}
	touched := make([]relayRecord, 0, len(l.relay.open))
	for _, id := range slices.Sorted(maps.Keys(l.relay.open)) {
		touched = append(touched, l.relay.open[id])
	}
	for _, r := range fresh {
		switch r.Event {
		case "direct":
			l.relay.open[r.ID] = r
			touched = append(touched, r)
		case "closed":
			delete(l.relay.open, r.ID)
		default:
			continue
		}
		if err := l.dir.AppendJournal("relay", map[string]any{
			"event": r.Event, "at_ms": r.At, "id": r.ID, "uid": r.UID, "apps": l.packages(r.UID), "to": r.To, "up": r.Up, "down": r.Down,
		}); err != nil {
			return nil, err
		}
	}
	return touched, nil
}

// take parses the lines that are new. A log that is full no longer says everything.
func (r *relaying) take(text []byte) (fresh []relayRecord, err error) {
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	n := 0
	for line := range bytes.Lines(whole) {
		if n++; n <= r.lines {
			continue
		}
		var rec relayRecord
		if jerr := json.Unmarshal(line, &rec); jerr != nil || n > maxRelayLines {
			return nil, fmt.Errorf("line %d of the relay's log is none of its lines", n)
		}
		if rec.Event == "full" {
			return nil, errors.New("the log of the relay on the phone is full: what it connected directly since is not known")
		}
		fresh = append(fresh, rec)
	}
	if n < r.lines {
		return nil, fmt.Errorf("the log of the relay on the phone has %d lines, and had %d", n, r.lines)
	}
	r.lines = n
	return fresh, nil
}

// directly says in words what went around us through the relay.
func (l *Lease) directly(touched []relayRecord) string {
	var who []string
	for _, r := range touched {
		who = append(who, fmt.Sprintf("%s of uid %d (%s)", r.To, r.UID, strings.Join(l.packages(r.UID), ", ")))
	}
	slices.Sort(who)
	who = slices.Compact(who)
	const most = 5
	if len(who) > most {
		who = append(who[:most:most], fmt.Sprintf("and %d more", len(who)-most))
	}
	return fmt.Sprintf("the relay on the phone could not reach us and connected directly, %d times: %s", len(touched), strings.Join(who, "; "))
}
