package adb

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Event is a change of one phone's state. When State equals Was, the phone was plugged in again between two looks:
// its link is a new one, and its reverse tunnels are gone.
type Event struct {
	Serial string
	State  State // empty: the phone has gone from the list
	Was    State // empty: it was not there before
	At     time.Time
	// Err ends the channel: the server is gone, or its answer could not be read. Serial is empty then.
	Err error
}

// Track reports every change of any phone's state, first the phones that are there, until ctx ends or the server goes;
// then the channel is closed. Two sources are needed: host:track-devices sees a link that drops for a millisecond,
// polling sees the phone on the network that just vanished (adb 29.0.6 does not push that). States that repeat are
// reported once. The caller must keep reading.
func (s Server) Track(ctx context.Context) (<-chan Event, error) {
	l := Limits{}.withDefaults()
	const op = "watching phones"
	ctx, cancel := context.WithCancel(ctx)
	var k *socket
	var err error
	for _, service := range []string{"host:track-devices-l", "host:track-devices"} { // the second for old servers
		if k, err = s.dial(ctx, "", op, l.Dial); err != nil {
			break
		}
		if err = k.ask(service); err == nil {
			break
		}
		k.Close()
		if CodeOf(err) != ServerRefused {
			break
		}
	}
	if err != nil {
		cancel()
		return nil, err
	}

	type list struct {
		phones []Listed
		err    error
		at     time.Time // when it came, however late it is looked at
	}
	lists := make(chan list)
	go func() { // pushed
		defer k.Close()
		for {
			text, err := k.text()
			var phones []Listed
			if err == nil {
				phones, err = ParseList([]byte(text))
			}
			select {
			case lists <- list{phones, err, time.Now()}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()

	events := make(chan Event)
	go func() {
		defer close(events)
		defer cancel()
		tick := time.NewTicker(statePoll)
		defer tick.Stop()
		known := map[string]Listed{}
		for {
			var got list
			select {
			case <-ctx.Done():
				return
			case got = <-lists:
			case <-tick.C: // polled; failures are left to the pushing socket, which dies with the server
				phones, err := s.Devices(ctx)
				if err != nil {
					continue
				}
				got = list{phones: phones, at: time.Now()}
			}
			if got.err != nil {
				if ctx.Err() == nil {
					send(ctx, events, Event{Err: got.err, At: got.at})
				}
				return
			}
			for _, e := range changes(known, got.phones, got.at) {
				if !send(ctx, events, e) {
					return
				}
			}
		}
	}()
	return events, nil
}

func send(ctx context.Context, c chan<- Event, e Event) bool {
	select {
	case c <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

// changes compares a list with what was known and brings that up to date.
func changes(known map[string]Listed, phones []Listed, at time.Time) []Event {
	var out []Event
	now := make(map[string]bool, len(phones))
	for _, p := range phones {
		if p.Serial == "" {
			continue // nothing tells two of these apart, and nobody can wait for one
		}
		now[p.Serial] = true
		was, ok := known[p.Serial]
		if p.Transport == "" {
			p.Transport = was.Transport // the short list does not say
		}
		again := was.Transport != "" && was.Transport != p.Transport
		if !ok || was.State != p.State || again {
			out = append(out, Event{Serial: p.Serial, State: p.State, Was: was.State, At: at})
		}
		known[p.Serial] = p
	}
	for _, serial := range slices.Sorted(maps.Keys(known)) {
		if !now[serial] {
			out = append(out, Event{Serial: serial, Was: known[serial].State, At: at})
			delete(known, serial)
		}
	}
	return out
}
