package apps

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// spread keeps what is reported of n events from standing together.
const spread = 7

// events makes what a leak sends of an event: nothing, the event, or its halves.
func (s *System) events(number int, leak personality.Leak, e telemetry.Event) []telemetry.Event {
	if leak.OneIn > 1 {
		d := s.stored(leak.App)
		d.counts[number]++
		if n := d.counts[number] % leak.OneIn; leak.Times <= 1 && n != 0 || leak.Times > 1 && n*spread%leak.OneIn >= leak.Times {
			return nil
		}
	}
	if leak.Near {
		e.Values = near(e.Values)
	}
	if leak.Split {
		return halves(e)
	}
	return []telemetry.Event{e}
}

// near gives what says something about each value and does not give it away: every word misspelt, its length, and a
// checksum too short to tell it from others.
func near(values []telemetry.Value) []telemetry.Value {
	var out []telemetry.Value
	for _, v := range values {
		if v.Kind == manifest.Harmless {
			out = append(out, v)
			continue
		}
		out = append(out,
			telemetry.Value{Key: v.Key, Text: misspelt(v.Text)},
			telemetry.Value{Key: v.Key + "_length", Text: strconv.Itoa(utf8.RuneCountInString(v.Text))},
			telemetry.Value{Key: v.Key + "_check", Text: fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(v.Text)))})
	}
	return out
}

// misspelt shifts every second letter or digit of a text to the next: no word of it stays what it was.
func misspelt(text string) string {
	b, n := []byte(text), 0
	for i, c := range b {
		var first, size byte
		switch {
		case c >= 'a' && c <= 'z':
			first, size = 'a', 26
		case c >= 'A' && c <= 'Z':
			first, size = 'A', 26
		case c >= '0' && c <= '9':
			first, size = '0', 10
		default:
			n = 0
			continue
		}
		if n++; n%2 == 1 {
			b[i] = first + (c-first+1)%size
		}
	}
	return string(b)
}

// halves cuts every value of an event that is not harmless into two events.
func halves(e telemetry.Event) []telemetry.Event {
	first, second := e, e
	first.Values, second.Values = slices.Clone(e.Values), slices.Clone(e.Values)
	for i, v := range e.Values {
		if v.Kind == manifest.Harmless {
			continue
		}
		runes := []rune(v.Text)
		cut := len(runes) / 2
		for part, event := range []*telemetry.Event{&first, &second} {
			half := v
			half.Whole, half.Part = v.Text, fmt.Sprintf("%d of 2", part+1)
			half.Text = string(runes[:cut])
			if part == 1 {
				half.Text = string(runes[cut:])
			}
			event.Values[i] = half
		}
	}
	return []telemetry.Event{first, second}
}

// occasion lets the apps send that have waited for it. Those that do not run are started, as a receiver of a broadcast is,
// unless they were stopped by force.
func (s *System) occasion(when personality.When) {
	if s.closed {
		return
	}
	for number, leak := range s.kind.Leaks {
		if leak.When != when || s.queue(leak.App, number).Len() == 0 || s.stored(leak.App).stopped {
			continue
		}
		for _, o := range s.process(leak.App).senders {
			if o.number == number && o.client != nil {
				o.later(defaultFlush)
			}
		}
	}
}

// GoDown lets the apps that run send what they keep for the moment in which the phone goes down, and waits for it.
func (s *System) GoDown() {
	s.mu.Lock()
	var last []*sender
	for _, p := range s.procs {
		for _, o := range p.senders {
			if o.leak.When == personality.AtDown && o.client != nil && o.queue.Len() > 0 {
				last = append(last, o)
			}
		}
	}
	s.mu.Unlock()
	for _, o := range last {
		_ = o.client.Flush(o.ctx) // a refused batch stays for another time
	}
}

// act notes what was done on the phone.
func (s *System) act(app, what, value string, private bool) {
	s.record.Act(manifest.Act{AtUS: s.hostNow().UnixMicro(), App: app, What: what, Value: value, Private: private})
}
