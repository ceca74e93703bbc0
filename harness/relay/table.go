package main

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
)

// unknownUID is a connection whose row was not found, or has lost its owner.
const unknownUID = -1

// Connections are looked for this often and this long: the row is there before the connection is accepted, but a busy
// phone may list it a moment later.
const (
	lookAgain = 5 * time.Millisecond
	lookFor   = 3 * time.Second
)

// ends are the ports of a connection on the loopback: the app's end and the one it leads to.
type ends struct{ local, remote int }

// tables reads the kernel's tables for everyone who waits at once: many connections begin together, and a table may
// have thousands of rows.
type tables struct {
	on phone

	mu   sync.Mutex
	busy bool
	next *snapshot // not begun: whoever comes now may wait for it
}

// snapshot is one reading of the tables.
type snapshot struct {
	done   chan struct{}
	owners map[ends]int
}

// read returns a snapshot that was begun after the call.
func (t *tables) read(ctx context.Context) map[ends]int {
	t.mu.Lock()
	if t.next == nil {
		t.next = &snapshot{done: make(chan struct{})}
	}
	s := t.next
	if !t.busy {
		t.busy = true
		go t.work()
	}
	t.mu.Unlock()
	select {
	case <-s.done:
		return s.owners
	case <-ctx.Done():
		return nil
	}
}

// work takes snapshots as long as somebody wants one.
func (t *tables) work() {
	for {
		t.mu.Lock()
		s := t.next
		t.next = nil
		if s == nil {
			t.busy = false
			t.mu.Unlock()
			return
		}
		t.mu.Unlock()
		s.owners = map[ends]int{}
		for _, name := range []string{"/proc/net/tcp6", "/proc/net/tcp"} {
			if text, err := t.on.read(name); err == nil {
				owners(text, s.owners)
			}
		}
		close(s.done)
	}
}

// owner finds the uid of the app at one end of a connection. What is not certain is unknown.
func (t *tables) owner(ctx context.Context, c ends) int {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		if uid, ok := t.read(ctx)[c]; ok {
			return uid
		}
		select {
		case <-ctx.Done():
			return unknownUID
		case <-tick.C:
		}
	}
}

// owners reads one table into a map: sl local remote st tx:rx tr:when retrnsmt uid timeout inode. Addresses are groups of
// four bytes in the machine's order, so 127.0.0.1 ends in 0100007F in either family. Two rows that differ make nobody.
func owners(text []byte, into map[ends]int) {
	for line := range bytes.Lines(text) {
		f := bytes.Fields(line)
		if len(f) < 10 {
			continue
		}
		switch string(f[3]) {
		case "01", "02", "08": // established, SYN sent, closed by the other side: rows in other states may have lost their owner
		default:
			continue
		}
		local, ok1 := loopback(string(f[1]))
		remote, ok2 := loopback(string(f[2]))
		uid, err := strconv.ParseUint(string(f[7]), 10, 31)
		if !ok1 || !ok2 || err != nil {
			continue
		}
		c := ends{local, remote}
		if was, twice := into[c]; twice && was != int(uid) {
			into[c] = unknownUID
			continue
		}
		into[c] = int(uid)
	}
}

// loopback reads a column that is 127.0.0.1 with a port, as IPv4 or mapped into IPv6.
func loopback(column string) (port int, ok bool) {
	address, text, _ := strings.Cut(column, ":")
	if address != "0100007F" && address != "0000000000000000FFFF00000100007F" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 16, 16)
	return int(n), err == nil
}
