package leak

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// passedBy adds to a list what one attempt's counters and tables saw go around the proxy, by uid.
func (p *phone) passedBy(list []Around, a *Attempt) []Around {
	at := func(uid int, apps []string) *Around {
		i, found := slices.BinarySearchFunc(list, uid, func(x Around, uid int) int { return cmp.Compare(x.UID, uid) })
		if !found {
			list = slices.Insert(list, i, Around{UID: uid, Apps: make([]string, 0, len(apps)), To: []string{}})
			for _, app := range slices.Sorted(slices.Values(apps)) {
				list[i].Apps = append(list[i].Apps, safe.Text(app))
			}
		}
		return &list[i]
	}
	for _, d := range a.Counters.Deltas {
		if d.TX > 0 && p.anyInScope(a, d.Apps) {
			at(d.UID, d.Apps).Bytes += d.TX
		}
	}
	for _, s := range a.Counters.Sockets {
		if !p.anyInScope(a, s.Apps) {
			continue
		}
		x := at(s.UID, s.Apps)
		to := safe.Text(fmt.Sprintf("%s %s", s.Proto, net.JoinHostPort(cmp.Or(s.Host, s.Addr), strconv.Itoa(s.Port))))
		if s.ADB {
			to += " (adb)"
		}
		if i, found := slices.BinarySearch(x.To, to); !found && len(x.To) < maxDestinations {
			x.To = slices.Insert(x.To, i, to)
		}
	}
	return list
}

// maxDestinations bounds what is listed of one uid; the reasons name all.
const maxDestinations = 256

// coverage says what the verdict of a cell rests on.
func (p *phone) coverage(attempts []*Attempt) Coverage {
	var c Coverage
	c.SettleUS = -1
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
		c.Around = p.passedBy(c.Around, a)
		c.Tokens += p.tokensOf(a)
	}
	p.carried(attempts, func(at *sighting, read bool) {
		c.Flows++
		c.Bytes += max(at.flow.BytesUp, 0)
		if at.app != "" {
			c.AppsKnown++
		}
		if read {
			c.Readable++
		} else if _, _, ok := p.acceptsFlow(at); ok {
			c.Accepted++
		} else {
			c.Opaque++
		}
	})
	c.SettleUS = max(c.SettleUS, 0)
	return c
}
