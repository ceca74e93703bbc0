package adbd

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
)

// FaultKind is what goes wrong with one command.
type FaultKind int

const (
	// Hang accepts the command, never runs it and never answers: it ends when the client gives up.
	Hang FaultKind = iota
	// LoseLink sends After bytes of output, waits until they have arrived, then drops the link, as a pulled cable does.
	LoseLink
	// NoExit sends After bytes of output, then closes the stream without an exit packet; the link stays.
	NoExit
)

// Fault is armed with [Server.Inject] and strikes one command.
type Fault struct {
	Kind  FaultKind
	Match string // strikes the next command whose line contains this; "" = any
	// After is counted in bytes of stdout and stderr together. A command with less output is struck at its end, so a
	// fault always strikes.
	After int64
}

type fault struct {
	Fault
	struck chan struct{}
}

func (f *fault) strike() { close(f.struck) }

// act is the end that takes the place of the exit packet.
func (f *fault) act(st *stream) {
	switch f.Kind {
	case LoseLink:
		st.l.cancel()
	case NoExit:
		st.Close()
	}
	f.strike()
}

// faults are what is armed.
type faults struct {
	mu      sync.Mutex
	queue   []*fault
	refused []string
	mute    bool
	deaf    bool
}

// Inject arms a fault; several are used up in order. The channel closes when it has struck.
func (s *Server) Inject(f Fault) (struck <-chan struct{}) {
	armed := &fault{Fault: f, struck: make(chan struct{})}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.queue = append(s.faults.queue, armed)
	return armed.struck
}

// take removes the first armed fault that a command matches.
func (f *faults) take(line string) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, armed := range f.queue {
		if strings.Contains(line, armed.Match) {
			f.queue = append(f.queue[:i:i], f.queue[i+1:]...)
			return armed
		}
	}
	return nil
}

// RefuseServices answers every OPEN whose destination begins with one of the prefixes ("sync:", "shell", "reverse:")
// by CLSE, which clients report as "error: closed". A new call replaces the list; none means refuse nothing.
func (s *Server) RefuseServices(prefixes ...string) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.refused = prefixes
}

func (f *faults) refuses(dest string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.refused {
		if strings.HasPrefix(dest, p) {
			return true
		}
	}
	return false
}

// MuteHandshake makes the phone take connections but never answer CNXN: `adb connect` waits for 10 s, then says
// "failed to connect". Links that are online stay so.
func (s *Server) MuteHandshake(mute bool) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.mute = mute
}

func (f *faults) muted() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mute
}

// HangLinks makes the present links take every command and answer none, as a phone whose adb daemon is stuck does: only
// a new connection helps.
func (s *Server) HangLinks() {
	for _, l := range s.live() {
		l.hangs.Store(true)
	}
}

// RefuseReversed makes reversed ports refuse whoever connects to them, while the adb server knows nothing of it:
// connections that are open stay so, and the table too. Unlike a reverse that is removed under a program that dials, it
// does not end the adb server.
func (s *Server) RefuseReversed(refuse bool) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.deaf = refuse
}

// ForgetReverses empties the tables of reversed ports while the adb server still has them in its own: a tunnel is lost,
// and whoever dials meanwhile is refused here and never asks the server for what it does not know.
func (s *Server) ForgetReverses() {
	for _, l := range s.live() {
		l.endReverses()
	}
}

func (f *faults) deafened() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deaf
}

// DropLinks closes all links at once, as a pulled cable does. The phone stays up: the adb server comes back by itself,
// after about 0.25 s, and its reverses are gone. When DropLinks returns, none of the links counts any more.
func (s *Server) DropLinks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLinks()
}

// dropLinks is DropLinks for who holds s.mu. Each link's own goroutine ends its streams.
func (s *Server) dropLinks() {
	for _, l := range s.links {
		l.cancel()
	}
	s.links = nil
}

// Freeze stops reading, writing and accepting, as SIGSTOP does: connections stay open and nothing moves until Thaw.
// Commands that run go on until their output is held up.
func (s *Server) Freeze() { s.gate.shut() }

// Thaw ends Freeze.
func (s *Server) Thaw() { s.gate.open() }

// gate lets goroutines pass unless it is shut.
type gate struct {
	mu   sync.Mutex
	stop atomic.Pointer[chan struct{}] // nil = open; else closes when the gate opens
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stop.Load() == nil {
		ch := make(chan struct{})
		g.stop.Store(&ch)
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ch := g.stop.Swap(nil); ch != nil {
		close(*ch)
	}
}

// wait returns when the gate is open; false = ctx ended.
func (g *gate) wait(ctx context.Context) bool {
	for {
		ch := g.stop.Load()
		if ch == nil {
			return ctx.Err() == nil
		}
		select {
		case <-*ch:
		case <-ctx.Done():
			return false
		}
	}
}
