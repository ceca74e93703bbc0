package network

import (
	"net/netip"
	"sort"
	"sync"
	"time"
)

// States of a TCP socket as the kernel numbers them (include/net/tcp_states.h).
const (
	established = 0x01
	synSent     = 0x02
	timeWait    = 0x06
	closed      = 0x07 // also: a UDP socket that is not connected
	closeWait   = 0x08
	listen      = 0x0A
)

// maxTimeWait bounds the rows that outlive their sockets, as net.ipv4.tcp_max_tw_buckets does.
const maxTimeWait = 4096

// The range of ephemeral ports (net.ipv4.ip_local_port_range).
const firstPort, lastPort = 32768, 60999

// A connection to the loopback may be a real one of this computer, and its row has that one's port. One that is not gets
// a port of a range from which no computer gives its own: or it would be taken for another's real one.
const firstOwn, lastOwn = 20_000, firstPort - 1

// socket is one row of a table.
type socket struct {
	table         string // tcp, tcp6, udp, udp6
	local, remote netip.AddrPort
	state         byte
	uid           int
	inode         uint64
	expires       time.Time // of a TIME_WAIT row, by the uptime clock
}

// table is the kernel's list of sockets.
type table struct {
	mu       sync.Mutex
	uptime   func() time.Time // never jumps
	lifetime time.Duration    // of TIME_WAIT
	rows     []*socket        // open ones, oldest first
	waiting  []*socket        // in TIME_WAIT, oldest first
	ports    map[uint16]int   // local ports in use
	port     uint16           // last one given out
	own      uint16           // last one given out to a connection to the loopback
	inode    uint64
}

func newTable(lifetime time.Duration, uptime func() time.Time) *table {
	return &table{uptime: uptime, lifetime: lifetime, ports: map[uint16]int{}, port: firstPort, own: firstOwn, inode: 20_000}
}

// open adds a row. A local port of 0 gets an ephemeral one.
func (t *table) open(s socket) *socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.local.Port() == 0 {
		from, first, last := &t.port, uint16(firstPort), uint16(lastPort)
		if s.remote.Addr().Unmap().IsLoopback() {
			from, first, last = &t.own, firstOwn, lastOwn
		}
		s.local = netip.AddrPortFrom(s.local.Addr(), t.free(from, first, last))
	}
	t.inode++
	s.inode = t.inode
	t.ports[s.local.Port()]++
	t.rows = append(t.rows, &s)
	return &s
}

// free finds a free port behind the last one of a range; when all are taken it shares one, which a table can show.
func (t *table) free(at *uint16, first, last uint16) uint16 {
	for range last - first {
		if *at++; *at > last {
			*at = first
		}
		if t.ports[*at] == 0 {
			break
		}
	}
	return *at
}

func (t *table) set(s *socket, state byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.state = state
}

// halfClosed is what a FIN from the other side does to a row.
func (t *table) halfClosed(s *socket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.state == established {
		s.state = closeWait
	}
}

// close removes a row. With linger it stays in TIME_WAIT for a while, owned by nobody: uid 0, no inode.
func (t *table) close(s *socket, linger bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, row := range t.rows {
		if row == s {
			t.rows = append(t.rows[:i], t.rows[i+1:]...)
			break
		}
	}
	if !linger || t.lifetime <= 0 {
		t.giveBack(s)
		return
	}
	s.state, s.uid, s.inode = timeWait, 0, 0
	s.expires = t.uptime().Add(t.lifetime)
	t.waiting = append(t.waiting, s)
	t.expire()
}

// expire drops what has waited long enough, or is too much.
func (t *table) expire() {
	now := t.uptime()
	for len(t.waiting) > 0 && (len(t.waiting) > maxTimeWait || !now.Before(t.waiting[0].expires)) {
		t.giveBack(t.waiting[0])
		t.waiting = t.waiting[1:]
	}
}

func (t *table) giveBack(s *socket) {
	port := s.local.Port()
	if t.ports[port]--; t.ports[port] <= 0 {
		delete(t.ports, port)
	}
}

// snapshot returns the rows of one table as the kernel lists them: listening sockets first.
func (t *table) snapshot(name string) ([]socket, time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire()
	var rows []socket
	for _, list := range [][]*socket{t.rows, t.waiting} {
		for _, s := range list {
			if s.table == name {
				rows = append(rows, *s)
			}
		}
	}
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].state == listen && rows[j].state != listen })
	return rows, t.uptime()
}

// listener returns who listens on a loopback port, or adbd's uid when nobody said.
func (t *table) listener(port int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.rows {
		if s.state == listen && int(s.local.Port()) == port {
			return s.uid
		}
	}
	return uidShell
}

// reset forgets every row.
func (t *table) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows, t.waiting, t.ports = nil, nil, map[uint16]int{}
}
