package network

import (
	"fmt"
	"sort"
	"strings"
)

// Poll is dumpsys netstats --poll: the history that FormatLegacy and FormatModern show catches up with the counters, and
// stays as it is until the next poll. It returns what the command prints.
func (n *Network) Poll() string {
	n.counters.poll(n.options.Now())
	return "Forced poll\n"
}

// Netstats returns the text of dumpsys netstats in one of the Formats; empty for any other.
func (n *Network) Netstats(format string) string {
	n.counters.mu.Lock()
	defer n.counters.mu.Unlock()
	switch format {
	case FormatLegacy, FormatModern:
		return n.historyText(format)
	case FormatBPF:
		return "mAppUidStatsMap: OK\n" + n.historyText(FormatModern) + n.mapText("mAppUidStatsMap:")
	case FormatTraffic:
		return n.mapText("mAppUidStatsMap::")
	}
	return ""
}

// ident is how the versions name the Wi-Fi network.
func (n *Network) ident(format string) string {
	if format == FormatLegacy {
		return fmt.Sprintf(`{type=WIFI, subType=COMBINED, networkId="%s", metered=false, defaultNetwork=true}`, n.options.SSID)
	}
	return fmt.Sprintf(`{type=1, ratType=COMBINED, wifiNetworkKey="%s"open, metered=false, defaultNetwork=true, oemManaged=OEM_NONE, subId=-1}`, n.options.SSID)
}

// historyText follows NetworkStatsService.dump. The totals of the interface come first, then the apps, then their tags.
func (n *Network) historyText(format string) string {
	ident := n.ident(format)
	var b strings.Builder
	fmt.Fprintf(&b, "Active interfaces:\n  iface=wlan0 ident=[%s]\n", ident)
	fmt.Fprintf(&b, "Active UID interfaces:\n  iface=wlan0 ident=[%s]\n", ident)
	total := map[int64]traffic{}
	var apps, tags []account
	for a, buckets := range n.counters.history {
		if a.tag != 0 {
			tags = append(tags, a)
			continue
		}
		apps = append(apps, a)
		for start, t := range buckets {
			sum := total[start]
			sum.add(t)
			total[start] = sum
		}
	}
	for _, section := range []string{"Dev stats", "Xt stats"} {
		fmt.Fprintf(&b, "%s:\n  Pending bytes: 0\n  History since boot:\n", section)
		block(&b, ident, "uid=-1 set=ALL tag=0x0", 3600, total)
	}
	sections := []struct {
		name     string
		accounts []account
	}{{"UID stats", apps}, {"UID tag stats", tags}}
	if format == FormatModern { // tagged rows stand among the others
		sections[0].accounts, sections[1].accounts = append(apps, tags...), nil
	}
	for _, section := range sections {
		fmt.Fprintf(&b, "%s:\n  Pending bytes: 0\n  History since boot:\n", section.name)
		sort.Slice(section.accounts, func(i, j int) bool {
			x, y := section.accounts[i], section.accounts[j]
			return x.uid < y.uid || x.uid == y.uid && x.tag < y.tag
		})
		for _, a := range section.accounts {
			block(&b, ident, fmt.Sprintf("uid=%d set=DEFAULT tag=0x%x", a.uid, a.tag), int(bucket.Seconds()), n.counters.history[a])
		}
	}
	return b.String()
}

func block(b *strings.Builder, ident, key string, seconds int, buckets map[int64]traffic) {
	fmt.Fprintf(b, "  ident=[%s] %s\n    NetworkStatsHistory: bucketDuration=%d\n", ident, key, seconds)
	starts := make([]int64, 0, len(buckets))
	for start := range buckets {
		starts = append(starts, start)
	}
	sort.Slice(starts, func(i, j int) bool { return starts[i] < starts[j] })
	for _, start := range starts {
		t := buckets[start]
		fmt.Fprintf(b, "      st=%d rb=%d rp=%d tb=%d tp=%d op=0\n", start, t.rxBytes, t.rxPackets, t.txBytes, t.txPackets)
	}
}

// mapText is the dump of the kernel's map of apps, followed by the map it is easily confused with: rows per interface and tag.
func (n *Network) mapText(heading string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  uid rxBytes rxPackets txBytes txPackets\n", heading)
	accounts := make([]account, 0, len(n.counters.live))
	for a := range n.counters.live {
		accounts = append(accounts, a)
	}
	sort.Slice(accounts, func(i, j int) bool {
		x, y := accounts[i], accounts[j]
		return x.uid < y.uid || x.uid == y.uid && x.tag < y.tag
	})
	for _, a := range accounts {
		if t := n.counters.live[a]; a.tag == 0 {
			fmt.Fprintf(&b, "  %d %d %d %d %d\n", a.uid, t.rxBytes, t.rxPackets, t.txBytes, t.txPackets)
		}
	}
	fmt.Fprintf(&b, "%s\n  ifaceIndex ifaceName tag_hex uid_int cnt_set rxBytes rxPackets txBytes txPackets\n", strings.Replace(heading, "mAppUidStatsMap", "mStatsMapA", 1))
	for _, a := range accounts {
		t := n.counters.live[a]
		fmt.Fprintf(&b, "  30 wlan0 0x%x %d 0 %d %d %d %d\n", a.tag, a.uid, t.rxBytes, t.rxPackets, t.txBytes, t.txPackets)
	}
	return b.String()
}
