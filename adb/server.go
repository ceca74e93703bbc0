package adb

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Server is a client of the adb server at Addr (HOST:PORT). It holds no connection: copy it freely.
type Server struct {
	Addr string
}

// query asks the server one thing and returns the text of its answer.
func (s Server) query(ctx context.Context, phone, op, request string) (string, error) {
	l := Limits{}.withDefaults()
	ctx, cancel := withDeadline(ctx, l.Timeout)
	defer cancel()
	k, err := s.dial(ctx, phone, op, l.Dial)
	if err != nil {
		return "", err
	}
	defer k.Close()
	if err := k.ask(request); err != nil {
		return "", err
	}
	return k.text()
}

// Version is the server's protocol version: 41 for adb 29 to 36.
func (s Server) Version(ctx context.Context) (int, error) {
	const op = "asking the adb server for its version"
	text, err := s.query(ctx, "", op, "host:version")
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseUint(text, 16, 31)
	if err != nil {
		return 0, newFault(Protocol, "", op, err)
	}
	return int(v), nil
}

// Devices lists every phone that the server knows, in whatever state.
func (s Server) Devices(ctx context.Context) ([]Listed, error) {
	text, err := s.query(ctx, "", "listing phones", "host:devices-l")
	if err != nil {
		return nil, err
	}
	return ParseList([]byte(text))
}

// State is one phone's state. A serial that the server does not know is a fault, [NotFound].
func (s Server) State(ctx context.Context, serial string) (State, error) {
	const op = "asking for the state"
	text, err := s.query(ctx, serial, op, "host-serial:"+serial+":get-state")
	if err == nil {
		return State(strings.TrimSpace(text)), nil
	}
	// The server refuses to tell the state of a phone that is not ready, but says why.
	switch CodeOf(err) {
	case Offline:
		return StateOffline, nil
	case Unauthorized:
		return StateUnauthorized, nil
	}
	return "", err
}

// Connect makes the server connect to a phone on the network (HOST:PORT, which becomes its serial). The server answers
// success in words only: "connected to" and "already connected to", the latter even when the phone is offline, so wait
// with [Server.WaitState]. An unreachable phone takes the server 10 s.
func (s Server) Connect(ctx context.Context, hostport string) error {
	const op = "connecting"
	text, err := s.query(ctx, hostport, op, "host:connect:"+hostport)
	if err != nil {
		return err
	}
	if strings.HasPrefix(text, "connected to") || strings.HasPrefix(text, "already connected to") {
		return nil
	}
	code := Unreachable
	if strings.Contains(text, "failed to authenticate") {
		code = Unauthorized
	}
	return newFault(code, hostport, op, errors.New(clip(strings.TrimSpace(text))))
}

// Disconnect makes the server forget a phone on the network. A phone it does not know is no error.
func (s Server) Disconnect(ctx context.Context, hostport string) error {
	const op = "disconnecting"
	text, err := s.query(ctx, hostport, op, "host:disconnect:"+hostport)
	switch {
	case err == nil && strings.HasPrefix(text, "disconnected"):
		return nil
	case err == nil:
		return newFault(Protocol, hostport, op, errors.New(clip(text)))
	case strings.Contains(err.Error(), "no such device"):
		return nil
	}
	return err
}

// Reconnect makes the server drop its connection to a phone and make it anew, as unplugging would: a phone that hangs may
// answer then. Other phones are not touched. It does not wait for the phone to be back; its reverse tunnels are gone.
func (s Server) Reconnect(ctx context.Context, serial string) error {
	const op = "reconnecting"
	text, err := s.query(ctx, serial, op, "host-serial:"+serial+":reconnect")
	if err == nil && !strings.HasPrefix(text, "reconnecting") {
		return newFault(Protocol, serial, op, errors.New(clip(text)))
	}
	return err
}

// statePoll is how often [Server.WaitState] and [Server.Track] ask; an answer takes the server 40 us.
const statePoll = 100 * time.Millisecond

// WaitState waits until the phone is in the wanted state. When ctx ends first, the fault says in which state it was last.
func (s Server) WaitState(ctx context.Context, serial string, want State) error {
	op := "waiting for state " + string(want)
	tick := time.NewTicker(statePoll)
	defer tick.Stop()
	var last Code // as the last look saw it that was not cut short
	for {
		got, err := s.State(ctx, serial)
		switch {
		case err == nil && got == want:
			return nil
		case err == nil:
			last = map[State]Code{StateOffline: Offline, StateUnauthorized: Unauthorized}[got]
		case CodeOf(err) == NotFound:
			last = NotFound
		case !over(ctx):
			return err
		}
		select {
		case <-tick.C:
			continue
		case <-ctx.Done():
		}
		f := ended(ctx, serial, op)
		if f.Code != Canceled && last != "" {
			f.Code = last
		}
		return f
	}
}

// withDeadline gives a context without a deadline one.
func withDeadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
