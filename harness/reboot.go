package harness

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// reboot restarts the phone and waits until it is up, and its traffic leads to our proxy again. The byte counters go with
// the boot, so they are closed before.
func (l *Lease) reboot(ctx context.Context, app string) error {
	was, err := l.device.BootID(ctx)
	if err != nil {
		return err
	}
	counted, err := l.closeCounters(ctx, app, was)
	if err != nil {
		return err
	}
	if err := l.device.Reboot(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, l.bounds.Boot)
	defer cancel()
	tick := time.NewTicker(reachEvery)
	defer tick.Stop()
	for {
		if now := l.booted(ctx, was); now != "" {
			if counted != nil {
				l.counted = &reading{boot: now, closed: counted} // from nothing: the counters began with this boot
			}
			return l.recover(ctx)
		}
		select {
		case <-ctx.Done():
			return &adb.Fault{Class: adb.ClassPhone, Code: adb.Timeout, Phone: l.Serial, Op: "rebooting", Err: fmt.Errorf("it is not up after %s", l.bounds.Boot)}
		case <-tick.C:
		}
	}
}

// booted looks once whether the phone is up in another boot, and gives that boot's id.
func (l *Lease) booted(ctx context.Context, was string) string {
	ctx, cancel := context.WithTimeout(ctx, reachDial+probeFor)
	defer cancel()
	if l.look(ctx) != nil {
		return ""
	}
	now, err := l.device.BootID(ctx)
	if err != nil || now == was {
		return ""
	}
	return now
}

// closed is what was counted until just before a reboot that we asked for.
type closed struct {
	deltas  []leak.Delta
	sockets map[sockKey]int64
	stopped []string // packages that could send nothing between the count and the end of the boot
}

// closeTime is how long the sockets of stopped apps may take to end: what stands in their buffers is still sent.
const closeTime = 5 * time.Second

// closeCounters stops the app, and the services that send for it, waits until their sockets are gone, and reads the counters
// for the last time in this boot. Without an error it gives nil where nothing could be closed: what is not allowed is not
// done, and counters that cannot be read say nothing. The next window then says what was lost.
func (l *Lease) closeCounters(ctx context.Context, app, boot string) (*closed, error) {
	last := l.counted
	if last == nil || last.boot != boot || app == "" || l.driver.Allow(verbs[leak.EventRestart]) != nil {
		return nil, nil
	}
	out := &closed{sockets: map[sockKey]int64{}}
	seen := maps.Clone(last.sockets)
	stop := l.senders(app)
	for _, pkg := range stop {
		if _, err := l.device.Shell(ctx, "am", "force-stop", pkg); err != nil {
			return nil, err
		}
	}
	left, err := l.socketsEnd(ctx, stop, seen)
	if err != nil {
		return nil, err
	}
	traffic, err := l.device.Traffic(ctx)
	if err != nil || wentBack(last.traffic, traffic) != nil {
		return nil, nil
	}
	for _, pkg := range stop {
		if left[pkg] {
			continue
		}
		// Some are started again at once, and whether it runs is looked at after the count.
		res, err := l.device.Script(ctx, "pidof "+adb.Quote(pkg)+"; true")
		if err != nil {
			return nil, err
		}
		if len(strings.Fields(string(res.Stdout))) == 0 {
			out.stopped = append(out.stopped, pkg)
		}
	}
	out.deltas = l.deltas(last.traffic, traffic)
	sentBy(out.sockets, seen, out.deltas)
	if was := last.closed; was != nil { // two reboots and no window between them
		out.deltas = added(was.deltas, out.deltas)
		maps.Copy(out.sockets, was.sockets)
		out.stopped = slices.DeleteFunc(out.stopped, func(pkg string) bool { return !slices.Contains(was.stopped, pkg) })
	}
	return out, nil
}

// senders are an app and the installed services that send on behalf of browsers, in that order.
func (l *Lease) senders(app string) []string {
	out := []string{app}
	i := slices.IndexFunc(l.Policy.Phones, func(p leak.PhonePolicy) bool { return p.ID == l.profile.ID })
	if i < 0 {
		return out
	}
	for _, service := range l.Policy.Phones[i].Services {
		if service != app && l.uid(service) >= 0 {
			out = append(out, service)
		}
	}
	return out
}

// uid is that of an installed package; below 0 for none.
func (l *Lease) uid(pkg string) int {
	for uid, apps := range l.apps {
		if slices.Contains(apps, pkg) {
			return uid
		}
	}
	return -1
}

// socketsEnd waits until no socket of the packages leads around the proxy, notes those it saw, and says whose are left in
// the end. One without an owner, as a socket is whose process ended before it had sent all, may be anyone's.
func (l *Lease) socketsEnd(ctx context.Context, pkgs []string, seen map[sockKey]int64) (map[string]bool, error) {
	limit := time.Now().Add(closeTime)
	for {
		rows, err := l.device.Sockets(ctx, "tcp", "tcp6", "udp", "udp6")
		if err != nil {
			return nil, err
		}
		left := map[string]bool{}
		for _, r := range rows {
			if !l.leadsAround(r) || r.State == adb.TCPTimeWait || r.State == adb.TCPListen {
				continue
			}
			seen[l.keyOf(r)] = 0
			for _, pkg := range pkgs {
				if slices.Contains(l.packages(r.UID), pkg) || r.Inode == 0 {
					left[pkg] = true
				}
			}
		}
		if len(left) == 0 || time.Now().After(limit) {
			return left, nil
		}
		if err := pause(ctx, reachEvery); err != nil {
			return nil, err
		}
	}
}

// before adds what was counted in the boot before to what was counted in this one. What others than the stopped apps sent
// after that count is in no counter. With an error the counters of this boot are no better.
func (c *closed) before(out *leak.Counters, err error) {
	out.Deltas = added(c.deltas, out.Deltas)
	if err == nil {
		out.Stopped = slices.Sorted(slices.Values(c.stopped))
		out.Detail = "the phone was rebooted between two windows, and what apps that were not stopped before sent in its last moments is not counted"
	}
	out.Readable = false
}

// added are the counts of two times, by uid.
func added(a, b []leak.Delta) []leak.Delta {
	out := slices.Clone(a)
	for _, d := range b {
		i, found := slices.BinarySearchFunc(out, d.UID, func(x leak.Delta, uid int) int { return cmp.Compare(x.UID, uid) })
		if !found {
			out = slices.Insert(out, i, d)
			continue
		}
		out[i].TX, out[i].RX = out[i].TX+d.TX, out[i].RX+d.RX
	}
	return out
}
