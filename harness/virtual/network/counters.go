package network

import (
	"sync"
	"time"
)

// Sizes of an IPv4 packet with a TCP header that carries timestamps, and with a UDP header, without payload; and of the
// first packets of a connection, whose options are longer.
const (
	tcpHeader = 52
	udpHeader = 28
	synSize   = 60
	segment   = 1448 // payload of a full packet on a link with an MTU of 1500
)

// bucket is the width of the history's buckets, as Android keeps them for apps.
const bucket = 2 * time.Hour

// traffic is what passed wlan0 for one app since boot.
type traffic struct{ rxBytes, rxPackets, txBytes, txPackets int64 }

func (t *traffic) add(o traffic) {
	t.rxBytes += o.rxBytes
	t.rxPackets += o.rxPackets
	t.txBytes += o.txBytes
	t.txPackets += o.txPackets
}

func (t traffic) minus(o traffic) traffic {
	return traffic{t.rxBytes - o.rxBytes, t.rxPackets - o.rxPackets, t.txBytes - o.txBytes, t.txPackets - o.txPackets}
}

// account is what a counter belongs to: an app, and the tag it gave its sockets (0: all of the app's bytes).
type account struct {
	uid int
	tag uint32
}

// counters are the byte counters of the kernel and the history that the system makes of them at each poll.
type counters struct {
	mu      sync.Mutex
	live    map[account]traffic
	polled  map[account]traffic
	history map[account]map[int64]traffic // by start of the bucket, seconds since 1970
}

func newCounters() *counters {
	c := &counters{}
	c.reset()
	return c
}

func (c *counters) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live, c.polled = map[account]traffic{}, map[account]traffic{}
	c.history = map[account]map[int64]traffic{}
}

// count adds to an app, and to its tag if it has one: tagged bytes are a part of the whole, counted a second time.
func (c *counters) count(uid int, tag uint32, t traffic) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add := func(a account) {
		sum := c.live[a]
		sum.add(t)
		c.live[a] = sum
	}
	add(account{uid, 0})
	if tag != 0 {
		add(account{uid, tag})
	}
}

// poll moves what came since the last poll into the bucket of the phone's present time.
func (c *counters) poll(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	start := now.Truncate(bucket).Unix()
	for a, live := range c.live {
		delta := live.minus(c.polled[a])
		if delta == (traffic{}) {
			continue
		}
		if c.history[a] == nil {
			c.history[a] = map[int64]traffic{}
		}
		sum := c.history[a][start]
		sum.add(delta)
		c.history[a][start] = sum
		c.polled[a] = live
	}
}

// sent and received price a payload in packets.
func sent(payload, header int) traffic {
	packets := int64(max((payload+segment-1)/segment, 1))
	return traffic{txBytes: int64(payload) + packets*int64(header), txPackets: packets}
}

func received(payload, header int) traffic {
	t := sent(payload, header)
	return traffic{rxBytes: t.txBytes, rxPackets: t.txPackets}
}

// handshakeTraffic is a TCP three-way handshake seen from the phone.
var handshakeTraffic = traffic{rxBytes: synSize, rxPackets: 1, txBytes: synSize + tcpHeader, txPackets: 2}
