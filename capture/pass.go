package capture

import "sync"

// refusals counts, by host, how often in a row apps refused our certificate, or left after the handshake.
type refusals struct {
	limit int // 0: never pass
	mu    sync.Mutex
	hosts map[string]int
}

func (r *refusals) refused(host string) { r.set(host, 1) }

// served forgets a host's refusals: some app talks to it readably, and must go on to.
func (r *refusals) served(host string) { r.set(host, 0) }

func (r *refusals) set(host string, add int) {
	if r.limit == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case add == 0:
		delete(r.hosts, host)
	case r.hosts == nil || len(r.hosts) >= maxRoutes:
		r.hosts = map[string]int{host: add}
	default:
		r.hosts[host] += add
	}
}

// pass says whether a host's connections are to be relayed unread.
func (r *refusals) pass(host string) bool {
	if r.limit == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hosts[host] >= r.limit
}
