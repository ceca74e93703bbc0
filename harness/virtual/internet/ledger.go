package internet

import (
	"sort"
	"sync"
)

// maxRefusals bounds the distinct names kept; what comes later is counted under no name.
const maxRefusals = 4096

// Refusal is a name that was asked for and is not there.
type Refusal struct {
	Host  string // as it was asked for, at most 253 bytes; empty if none was given
	How   string // resolve, dial, sni, host, protocol, datagram
	Count int64
}

// Count is what a host got.
type Count struct {
	Requests int64 // connections, for raw protocols
	Bytes    int64 // of bodies, or of raw protocols
}

type ledger struct {
	mu      sync.Mutex
	refused map[Refusal]int64 // Count is 0 in the keys
	counts  map[string]Count
}

func (l *ledger) refuse(host, how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused == nil {
		l.refused = map[Refusal]int64{}
	}
	key := Refusal{Host: host[:min(len(host), 253)], How: how}
	if _, known := l.refused[key]; !known && len(l.refused) >= maxRefusals {
		key.Host = ""
	}
	l.refused[key]++
}

func (l *ledger) count(host string, requests, bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]Count{}
	}
	c := l.counts[host]
	c.Requests += requests
	c.Bytes += bytes
	l.counts[host] = c
}

// Refused lists what was asked for and is not there, sorted by host and way.
func (i *Internet) Refused() []Refusal {
	l := &i.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Refusal, 0, len(l.refused))
	for r, n := range l.refused {
		r.Count = n
		all = append(all, r)
	}
	sort.Slice(all, func(a, b int) bool {
		if all[a].Host != all[b].Host {
			return all[a].Host < all[b].Host
		}
		return all[a].How < all[b].How
	})
	return all
}

// Counts returns what each host got, by registered name. UDP counts as "udp".
func (i *Internet) Counts() map[string]Count {
	l := &i.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[string]Count, len(l.counts))
	for host, c := range l.counts {
		all[host] = c
	}
	return all
}
