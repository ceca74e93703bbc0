package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// relayRecord is a line of the relay's log.
type relayRecord struct {
	Event string `json:"event"`
	At    int64  `json:"at_ms"`
	ID    int    `json:"id"`
	UID   int    `json:"uid"`
	To    string `json:"to"`
	Up    int64  `json:"up"`
	Down  int64  `json:"down"`
	Error string `json:"error"`
}

// maxRelayLines bounds what is taken from a log; the relay itself writes no more than a mebibyte.
const maxRelayLines = 50_000

// How long the relay may take to end what goes around us, and how often it is asked. It looks for us every half second.
const (
	relayEnds = 10 * time.Second
	askAround = 100 * time.Millisecond
)

// ledBack waits until nothing goes around us any more, so that the next window sees everything. An app that kept a
// connection from a time when the relay could not reach us would send through it for as long as it likes, and every
// window would have a hole. What the relay does not end, or does not say, ends with it.
func (l *Lease) ledBack(ctx context.Context) error {
	if l.relay == nil {
		return nil
	}
	tick := time.NewTicker(askAround)
	defer tick.Stop()
	for limit := time.Now().Add(relayEnds); ; {
		_, err := l.aroundUs(ctx) // what was before the window is not its own
		var unsaid *Gap
		switch {
		case errors.As(err, &unsaid), err == nil && len(l.relay.open) > 0 && time.Now().After(limit):
			return l.startRelay(ctx)
		case err != nil || len(l.relay.open) == 0:
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// aroundUs reads what the relay did by itself since the last time: the direct connections that were open at any moment
// since then. Each is written into the evidence.
func (l *Lease) aroundUs(ctx context.Context) ([]relayRecord, error) {
	if l.relay == nil {
		return nil, nil
	}
	res, err := l.device.Script(ctx, "cat "+relayLog)
	var exit *adb.ExitError
	if errors.As(err, &exit) {
		return nil, &Gap{Class: leak.FaultHarness, Detail: "the log of the relay on the phone cannot be read, so nobody knows what it connected directly"}
	}
	if err != nil {
		return nil, err
	}
	fresh, err := l.relay.take(res.Stdout)
	if err != nil {
		return nil, &Gap{Class: leak.FaultHarness, Detail: err.Error()}
	}
	touched := make([]relayRecord, 0, len(l.relay.open))
	for _, id := range slices.Sorted(maps.Keys(l.relay.open)) {
		touched = append(touched, l.relay.open[id])
	}
	for _, r := range fresh {
		switch r.Event {
		case "direct":
			l.relay.open[r.ID] = r
			touched = append(touched, r)
		case "closed":
			delete(l.relay.open, r.ID)
		default:
			continue
		}
		if err := l.dir.AppendJournal("relay", map[string]any{
			"event": r.Event, "at_ms": r.At, "id": r.ID, "uid": r.UID, "apps": l.packages(r.UID), "to": r.To, "up": r.Up, "down": r.Down,
		}); err != nil {
			return nil, err
		}
	}
	return touched, nil
}

// take parses the lines that are new. A log that is full no longer says everything.
func (r *relaying) take(text []byte) (fresh []relayRecord, err error) {
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	n := 0
	for line := range bytes.Lines(whole) {
		if n++; n <= r.lines {
			continue
		}
		var rec relayRecord
		if jerr := json.Unmarshal(line, &rec); jerr != nil || n > maxRelayLines {
			return nil, fmt.Errorf("line %d of the relay's log is none of its lines", n)
		}
		if rec.Event == "full" {
			return nil, errors.New("the log of the relay on the phone is full: what it connected directly since is not known")
		}
		fresh = append(fresh, rec)
	}
	if n < r.lines {
		return nil, fmt.Errorf("the log of the relay on the phone has %d lines, and had %d", n, r.lines)
	}
	r.lines = n
	return fresh, nil
}

// directly says in words what went around us through the relay.
func (l *Lease) directly(touched []relayRecord) string {
	var who []string
	for _, r := range touched {
		who = append(who, fmt.Sprintf("%s of uid %d (%s)", r.To, r.UID, strings.Join(l.packages(r.UID), ", ")))
	}
	slices.Sort(who)
	who = slices.Compact(who)
	const most = 5
	if len(who) > most {
		who = append(who[:most:most], fmt.Sprintf("and %d more", len(who)-most))
	}
	return fmt.Sprintf("the relay on the phone could not reach us and connected directly, %d times: %s", len(touched), strings.Join(who, "; "))
}
