package network

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func post(t *testing.T, c *http.Client, size int) {
	t.Helper()
	answer, err := c.Post("https://site.test/up", "application/octet-stream", bytes.NewReader(make([]byte, size)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
}

func TestCountersCountWlanOnly(t *testing.T) {
	const size = 300_000
	// Per byte at most 22 of a TLS record of 1 KiB or more (Go begins with small ones) and 52 of a packet; 6000 for the
	// handshakes and the heads.
	const most = size + size/1000*22 + size/900*52 + 6000
	for _, c := range []struct {
		name   string
		port   int
		change func(*AppOptions)
		counts bool
	}{
		{"direct", 0, nil, true},
		{"proxied", 18080, nil, false},
		{"ignores the proxy", 18080, func(o *AppOptions) { o.IgnoreProxy = true }, true},
		{"h2 direct", 0, func(o *AppOptions) { o.HTTP2 = true }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.setProxy(c.port)
			post(t, w.app(c.change).HTTP(), size)
			got := w.counted(10100)
			if !c.counts {
				if got != (traffic{}) {
					t.Fatalf("loopback was counted: %+v", got)
				}
				return
			}
			if got.txBytes < size || got.txBytes > most {
				t.Errorf("sent %d bytes, counted %d, want at most %d", size, got.txBytes, most)
			}
			if got.rxBytes == 0 || got.rxPackets == 0 || got.txPackets < size/segment {
				t.Errorf("counted %+v", got)
			}
		})
	}
}

var bpfRow = regexp.MustCompile(`(?m)^  (\d+) (\d+) (\d+) (\d+) (\d+)$`)

func TestNetstatsFormats(t *testing.T) {
	w := newWorld(t)
	at := time.Unix(1626940800, 0) // a full two hours
	w.options.Now = func() time.Time { return at }
	w.options.SSID = `Caf}é, "x" ] uid=1`
	w.counters.count(10142, 0, traffic{3533, 60, 6247, 106})
	w.counters.count(10150, 0xfffffff2, traffic{1, 2, 3, 4})
	if got := w.Netstats(FormatLegacy); strings.Contains(got, "uid=10142") {
		t.Error("the history shows what was not polled")
	}
	if got := w.Poll(); got != "Forced poll\n" {
		t.Errorf("poll printed %q", got)
	}
	at = at.Add(2 * time.Hour)
	w.counters.count(10142, 0, traffic{10, 1, 20, 2})
	w.Poll()

	legacy, modern := w.Netstats(FormatLegacy), w.Netstats(FormatModern)
	for name, c := range map[string]struct{ text, want string }{
		"legacy ident": {legacy, `ident=[{type=WIFI, subType=COMBINED, networkId="Caf}é, "x" ] uid=1", metered=false, defaultNetwork=true}] uid=10142 set=DEFAULT tag=0x0` + "\n    NetworkStatsHistory: bucketDuration=7200\n      st=1626940800 rb=3533 rp=60 tb=6247 tp=106 op=0\n      st=1626948000 rb=10 rp=1 tb=20 tp=2 op=0\n"},
		"modern ident": {modern, `ident=[{type=1, ratType=COMBINED, wifiNetworkKey="Caf}é, "x" ] uid=1"open, metered=false, defaultNetwork=true, oemManaged=OEM_NONE, subId=-1}] uid=10142 set=DEFAULT tag=0x0` + "\n"},
		"totals":       {legacy, "uid=-1 set=ALL tag=0x0\n    NetworkStatsHistory: bucketDuration=3600\n      st=1626940800 rb=3534 rp=62 tb=6250 tp=110 op=0\n"},
		"modern tag":   {modern, "uid=10150 set=DEFAULT tag=0xfffffff2\n"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("%s: %q is not in\n%s", name, c.want, c.text)
		}
	}
	w.counters.count(10142, 0, traffic{100, 1, 200, 2})
	bpf := w.Netstats(FormatBPF)
	section := bpf[strings.LastIndex(bpf, "mAppUidStatsMap:"):strings.Index(bpf, "mStatsMapA:")]
	var got []string
	for _, m := range bpfRow.FindAllStringSubmatch(section, -1) {
		got = append(got, strings.TrimSpace(m[0]))
	}
	if want := "[10142 3643 62 6467 110 10150 1 2 3 4]"; fmt.Sprint(got) != want {
		t.Errorf("map is %v, want %s: it is live", got, want)
	}
	if !strings.HasPrefix(bpf, "mAppUidStatsMap: OK\n") {
		t.Error("no status line before the map")
	}
	if got := w.Netstats(FormatTraffic); !strings.HasPrefix(got, "mAppUidStatsMap::\n") {
		t.Errorf("early form begins %q", got[:20])
	}
	if got := w.Netstats("android1"); got != "" {
		t.Errorf("unknown format has text %q", got)
	}
}

func TestHistoryAddsUpToTheCounters(t *testing.T) {
	w := newWorld(t)
	app := w.app(nil)
	sum := func() (rb, tb int64) {
		text := w.Netstats(FormatLegacy)
		text = text[strings.Index(text, "UID stats:"):strings.Index(text, "UID tag stats:")]
		for _, m := range regexp.MustCompile(` rb=(\d+) rp=\d+ tb=(\d+)`).FindAllStringSubmatch(text, -1) {
			r, _ := strconv.ParseInt(m[1], 10, 64)
			s, _ := strconv.ParseInt(m[2], 10, 64)
			rb, tb = rb+r, tb+s
		}
		return rb, tb
	}
	for range 3 {
		post(t, app.HTTP(), 5000)
		w.CloseApp(10100) // so that no byte comes between poll and check
		w.Poll()
		live := w.counted(10100)
		if rb, tb := sum(); rb != live.rxBytes || tb != live.txBytes {
			t.Errorf("history has %d down, %d up; counters %+v", rb, tb, live)
		}
	}
}

func TestFormatFor(t *testing.T) {
	for sdk, want := range map[int]string{26: FormatLegacy, 28: FormatLegacy, 30: FormatLegacy, 31: FormatModern, 32: FormatModern, 33: FormatBPF, 36: FormatBPF} {
		if got := FormatFor(sdk); got != want {
			t.Errorf("API %d: %s, want %s", sdk, got, want)
		}
	}
}
