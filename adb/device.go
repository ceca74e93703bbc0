package adb

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Device is one phone of one adb server. It may be used from several goroutines. Make one with [Server.Device].
type Device struct {
	server  Server
	serial  string
	journal func(Command)
	answer  Answerer
	limits  Limits
	places  chan struct{} // one is held while a command runs

	mu       sync.Mutex
	features []string // nil: not asked yet
	traffic  int      // 1 + index in trafficSources of the one that answers; 0: not known yet
}

// Options of a [Device]. The zero value is usable.
type Options struct {
	// Journal is called once for every command, when it has ended, from the goroutine that ran it.
	Journal func(Command)
	// Answer, if set, answers every command in place of the phone: nothing is sent.
	Answer Answerer
	Limits Limits
}

// Command is one thing that was asked of a phone, for the step log.
type Command struct {
	Kind     string   // shell, script, exec, push, pull, list, reverse, reboot
	Argv     []string // as asked, before quoting; secrets are shown as "***"
	Started  time.Time
	Duration time.Duration
	Exit     int // of shell and script; -1 when the command did not end
	BytesOut int64
	Err      error // nil also for a command that ended with a status other than 0
}

// Device is the phone with this serial. It is not contacted.
func (s Server) Device(serial string, o Options) *Device {
	d := &Device{server: s, serial: serial, journal: o.Journal, answer: o.Answer, limits: o.Limits.withDefaults()}
	d.places = make(chan struct{}, d.limits.InFlight)
	return d
}

// Serial is the phone's name at its adb server.
func (d *Device) Serial() string { return d.serial }

// Server is the adb server that the phone is reached through.
func (d *Device) Server() Server { return d.server }

// State asks the adb server for the phone's state; the phone is not asked.
func (d *Device) State(ctx context.Context) (State, error) { return d.server.State(ctx, d.serial) }

// Features lists what the phone's daemon and the adb server both can, such as "shell_v2". It is asked once.
func (d *Device) Features(ctx context.Context) ([]string, error) {
	d.mu.Lock()
	known := d.features
	d.mu.Unlock()
	if known != nil {
		return known, nil
	}
	text, err := d.server.query(ctx, d.serial, "asking for the features", "host-serial:"+d.serial+":features")
	if err != nil {
		return nil, err
	}
	known = strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
	d.mu.Lock()
	d.features = known
	d.mu.Unlock()
	return known, nil
}

// begin takes a place among the commands in flight and a deadline. The returned function gives both back and writes
// the journal.
func (d *Device) begin(ctx context.Context, c Command, op string) (context.Context, func(*Command), error) {
	ctx, cancel := withDeadline(ctx, d.limits.Timeout)
	c.Started = time.Now()
	end := func(done *Command) {
		cancel()
		c.Exit, c.BytesOut, c.Err = done.Exit, done.BytesOut, done.Err
		c.Duration = time.Since(c.Started)
		if d.journal != nil {
			d.journal(c)
		}
	}
	select {
	case <-ctx.Done():
	default:
		select {
		case d.places <- struct{}{}:
			return ctx, func(done *Command) { <-d.places; end(done) }, nil
		case <-ctx.Done():
		}
	}
	f := ended(ctx, d.serial, op)
	f.Class = ClassHarness // the phone was not asked
	end(&Command{Exit: -1, Err: f})
	return nil, nil, f
}

// open connects to a service of the phone's daemon.
func (d *Device) open(ctx context.Context, op, service string) (*socket, error) {
	k, err := d.server.dial(ctx, d.serial, op, d.limits.Dial)
	if err != nil {
		return nil, err
	}
	if err := k.ask("host:transport:" + d.serial); err != nil {
		k.Close()
		return nil, err
	}
	if err := k.ask(service); err != nil {
		k.Close()
		// The phone was reached, and went or refused: the server closes without a word when the link drops.
		if CodeOf(err) == ServerGone {
			err = newFault(Closed, d.serial, op, err)
		}
		return nil, err
	}
	return k, nil
}
