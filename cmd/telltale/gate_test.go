package main

import (
	"context"
	"strings"
	"sync"

	"github.com/telltale-farm/telltale/harness/virtual"
)

// gate holds a phone's commands back from a moment on, so that what is done to a run is done in the middle of it: a run
// whose phone does not answer cannot end first, however late a busy computer looks at it.
type gate struct {
	mu      sync.Mutex
	seen    int // commands since it was shut
	shut    func(seen int) bool
	reached chan struct{} // closed when it holds the first command
	opened  chan struct{} // closed when it lets them go
}

// at shuts the gate when a condition holds, asked before each command with how many came before it. The beats that tell
// the phone that we live come by the clock: they pass, and are not counted.
func (g *gate) at(holds func(seen int) bool) (reached <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen, g.shut, g.reached, g.opened = 0, holds, make(chan struct{}), make(chan struct{})
	return g.reached
}

// open lets everything pass from now on, and says how many commands came since it was shut.
func (g *gate) open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		g.shut = nil
		close(g.opened)
	}
	return g.seen
}

// holds has a phone ask the gate.
func (g *gate) holds(o *virtual.Options) { o.OnCommand = g.pass }

// pass is a virtual.Options.OnCommand.
func (g *gate) pass(ctx context.Context, line string) {
	if strings.Contains(line, "telltale-deadman.new") {
		return
	}
	g.mu.Lock()
	if g.shut == nil || !g.held() && !g.shut(g.seen) {
		g.seen++
		g.mu.Unlock()
		return
	}
	if !g.held() {
		close(g.reached)
	}
	opened := g.opened
	g.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-opened:
	}
}

func (g *gate) held() bool {
	select {
	case <-g.reached:
		return true
	default:
		return false
	}
}
