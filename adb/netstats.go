package adb

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Formats of byte counters.
const (
	formatMap     = "the map of the kernel"
	formatHistory = "the history"
	formatQtaguid = "xt_qtaguid"
)

const maxUIDs = 50_000

var (
	mapTitle     = regexp.MustCompile(`(?m)^\s*mAppUidStatsMap::?[ \t]*\r?$`)
	historyTitle = regexp.MustCompile(`(?m)^UID stats:[ \t]*\r?$`)
	historyUID   = regexp.MustCompile(`^.*\] uid=(-?\d+) set=(\S+) tag=(0x[0-9a-f]+)\s*$`)
	historyRow   = regexp.MustCompile(`(?:^|\s)(rb|tb|rxBytes|txBytes)=(\d+)`)
)

// parseNetstats reads bytes per uid from what dumpsys netstats (Android 8 to 16), dumpsys connectivity or netd
// trafficcontroller, or /proc/net/xt_qtaguid/stats print; it finds out which by itself, and says. The kernel's live map is
// preferred to the history.
func parseNetstats(text []byte) (Traffic, string, error) {
	s := string(text)
	if at := mapTitle.FindStringIndex(s); at != nil {
		t, err := parseStatsMap(s[at[1]:])
		return t, formatMap, err
	}
	if at := historyTitle.FindStringIndex(s); at != nil {
		t, err := parseHistory(s[at[1]:])
		return t, formatHistory, err
	}
	if strings.HasPrefix(s, "idx iface acct_tag_hex uid_tag_int cnt_set rx_bytes") {
		t, err := parseQtaguid(s)
		return t, formatQtaguid, err
	}
	return nil, "", fmt.Errorf("no byte counters in %d bytes: %s", len(text), firstLines(s[:min(len(s), 500)]))
}

// parseStatsMap reads the rows behind the title. When an entry was deleted during the dump, the phone begins again and
// rows repeat: the last counts.
func parseStatsMap(s string) (Traffic, error) {
	t := Traffic{}
	header := false
	for line := range strings.Lines(s) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 && !header, strings.Contains(line, "Entry is deleted while dumping"):
			continue
		case !header:
			if strings.Join(f, " ") != "uid rxBytes rxPackets txBytes txPackets" {
				return nil, fmt.Errorf("columns %q", clip(line))
			}
			header = true
			continue
		}
		if len(f) != 5 {
			break
		}
		uid, err := strconv.ParseInt(f[0], 10, 32)
		if err != nil {
			break
		}
		rx, err1 := strconv.ParseInt(f[1], 10, 64)
		tx, err2 := strconv.ParseInt(f[3], 10, 64)
		if err1 != nil || err2 != nil || rx < 0 || tx < 0 {
			return nil, fmt.Errorf("row %q", clip(line))
		}
		if uid < 0 {
			continue
		}
		t[int(uid)] = Bytes{RX: rx, TX: tx}
		if len(t) > maxUIDs {
			return nil, fmt.Errorf("more than %d uids", maxUIDs)
		}
	}
	if !header {
		return nil, errors.New("a map without columns")
	}
	return t, nil
}

// parseHistory sums the section "UID stats:". Rows under a tag other than 0x0 are part of those under 0x0.
func parseHistory(s string) (Traffic, error) {
	t := Traffic{}
	uid, counted := 0, false
	for line := range strings.Lines(s) {
		if line[0] != ' ' && line[0] != '\t' && strings.TrimSpace(line) != "" {
			break // the next section
		}
		if strings.Contains(line, "(omitting ") {
			return nil, errors.New("some of the history is left out: it was not asked with --full")
		}
		if m := historyUID.FindStringSubmatch(strings.TrimRight(line, "\r\n")); m != nil {
			n, err := strconv.ParseInt(m[1], 10, 32)
			if err != nil {
				return nil, fmt.Errorf("uid %q", m[1])
			}
			uid, counted = int(n), n >= 0 && m[3] == "0x0"
			if counted {
				t[uid] = t[uid] // a uid without rows has been seen
			}
			continue
		}
		if !counted {
			continue
		}
		for _, m := range historyRow.FindAllStringSubmatch(line, -1) {
			n, err := strconv.ParseInt(m[2], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("row %q", clip(line))
			}
			b := t[uid]
			if m[1] == "rb" || m[1] == "rxBytes" {
				b.RX, err = plus(b.RX, n)
			} else {
				b.TX, err = plus(b.TX, n)
			}
			if err != nil {
				return nil, err
			}
			t[uid] = b
		}
		if len(t) > maxUIDs {
			return nil, fmt.Errorf("more than %d uids", maxUIDs)
		}
	}
	return t, nil
}

// parseQtaguid sums the rows without a tag of all interfaces but loopback.
func parseQtaguid(s string) (Traffic, error) {
	t := Traffic{}
	first := true
	for line := range strings.Lines(s) {
		f := strings.Fields(line)
		if first || len(f) == 0 {
			first = false
			continue
		}
		if len(f) < 8 {
			return nil, fmt.Errorf("row %q", clip(line))
		}
		uid, err := strconv.ParseUint(f[3], 10, 31)
		rx, err1 := strconv.ParseInt(f[5], 10, 64)
		tx, err2 := strconv.ParseInt(f[7], 10, 64)
		if err != nil || err1 != nil || err2 != nil || rx < 0 || tx < 0 {
			return nil, fmt.Errorf("row %q", clip(line))
		}
		if f[1] == "lo" || f[2] != "0x0" {
			continue
		}
		b := t[int(uid)]
		if b.RX, err = plus(b.RX, rx); err == nil {
			b.TX, err = plus(b.TX, tx)
		}
		if err != nil {
			return nil, err
		}
		t[int(uid)] = b
		if len(t) > maxUIDs {
			return nil, fmt.Errorf("more than %d uids", maxUIDs)
		}
	}
	return t, nil
}

func plus(a, b int64) (int64, error) {
	if a > math.MaxInt64-b {
		return 0, errors.New("counters overflow")
	}
	return a + b, nil
}
