package capture

import "github.com/telltale-farm/telltale/capture/flow"

// makeRoom keeps the number of the phone's connections within the limit: the one that has been still for longest is
// closed. When none has been still for long, the new one is: recorded as refused, and by our fault.
func (p *Proxy) makeRoom(c *phoneConn) bool {
	p.mu.Lock()
	if len(p.conns) <= p.limits.Conns {
		p.mu.Unlock()
		return true
	}
	oldest := c
	c.active.Store(p.rec.Now())
	for o := range p.conns {
		if o.active.Load() < oldest.active.Load() {
			oldest = o
		}
	}
	still := p.rec.Now() - oldest.active.Load()
	p.mu.Unlock()
	if oldest != c && still >= p.limits.Still.Microseconds() {
		_ = oldest.Close()
		return true
	}
	_ = c.Close()
	f := flow.Flow{Kind: flow.KindError, Conn: c.id, Start: c.start, Sent: c.start, Fault: flow.FaultHarness,
		Error: "refused: too many connections at once"}
	p.rec.Begin(&f)
	p.rec.End(&f)
	return false
}
