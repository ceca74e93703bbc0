package leak

// coverage says what the verdict of a cell rests on.
func (p *phone) coverage(attempts []*Attempt) Coverage {
	var c Coverage
	c.SettleUS = -1
	counted := map[int64]bool{}
	for _, a := range attempts {
		if a.Fault != nil {
			c.Faulted++
			continue
		}
		c.Attempts++
		if c.SettleUS < 0 || a.Settle.QuietUS < c.SettleUS {
			c.SettleUS = a.Settle.QuietUS
		}
		for _, d := range a.Counters.Deltas {
			if d.TX > 0 && p.anyInScope(a, d.Apps) {
				c.Bypass += d.TX
			}
		}
		for i := range p.seen {
			at := &p.seen[i]
			f := at.flow
			if p.ours(f) || counted[f.Seq] || !p.carries(at) || !p.inScope(a, at.app) || !a.Window.Touches(f) {
				continue
			}
			class := p.unread(at)
			if class == "" && !a.Window.Sends(f) || class != "" && p.preconnect(a, at, class) {
				continue
			}
			counted[f.Seq] = true
			c.Flows++
			c.Bytes += max(f.BytesUp, 0)
			if at.app != "" {
				c.AppsKnown++
			}
			if class == "" && len(at.opaque) == 0 {
				c.Readable++
			} else if _, ok := p.acceptsFlow(at); ok {
				c.Accepted++
			} else {
				c.Opaque++
			}
		}
	}
	c.SettleUS = max(c.SettleUS, 0)
	return c
}
