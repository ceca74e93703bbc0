package phone

import (
	"context"
	"slices"
	"sync"
)

// Process is something that runs on the phone: an app, or a command of the shell.
type Process struct {
	PID, PPID int
	UID       int
	Name      string
	Args      string
	cancel    context.CancelFunc
	interrupt func() // what SIGINT does, once; nil: it ends the process
	ignores   bool   // SIGINT otherwise than that, which a command that mksh runs in the background does
}

// Processes is the process table. It is empty after a reboot but for what the boot starts.
type Processes struct {
	mu   sync.Mutex
	next int
	list map[int]*Process
}

func newProcesses() *Processes {
	return &Processes{next: 1000, list: map[int]*Process{}}
}

// Start enters a process. cancel ends it and may be nil.
func (p *Processes) Start(uid, ppid int, name, args string, cancel context.CancelFunc) *Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next += 3
	proc := &Process{PID: p.next, PPID: ppid, UID: uid, Name: name, Args: args, cancel: cancel}
	p.list[proc.PID] = proc
	return proc
}

// Exit takes a process out of the table.
func (p *Processes) Exit(pid int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.list, pid)
}

// Kill ends a process and reports whether there was one.
func (p *Processes) Kill(pid int) bool {
	p.mu.Lock()
	proc := p.list[pid]
	delete(p.list, pid)
	p.mu.Unlock()
	if proc == nil {
		return false
	}
	if proc.cancel != nil {
		proc.cancel()
	}
	return true
}

// OnInterrupt gives a process something to do at SIGINT instead of ending.
func (p *Processes) OnInterrupt(pid int, f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if proc := p.list[pid]; proc != nil {
		proc.interrupt = f
	}
}

// IgnoreInterrupt is what mksh does for a command in the background: before the command has something of its own to do at
// SIGINT, and after it did that, nothing happens.
func (p *Processes) IgnoreInterrupt(pid int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if proc := p.list[pid]; proc != nil {
		proc.ignores = true
	}
}

// Interrupt sends SIGINT. A shell that stands for the one command it was started for passes it on. In the foreground a
// second one ends screenrecord, which then has the default action again.
func (p *Processes) Interrupt(pid int) bool {
	p.mu.Lock()
	proc := p.list[pid]
	ignores := proc != nil && proc.ignores
	for _, child := range p.list {
		if proc != nil && proc.interrupt == nil && child.PPID == pid && child.interrupt != nil {
			proc = child
		}
	}
	var f func()
	if proc != nil {
		f, proc.interrupt = proc.interrupt, nil
	}
	p.mu.Unlock()
	switch {
	case f != nil:
		f()
	case !ignores:
		return p.Kill(pid)
	}
	return true
}

// Find returns a process by its number.
func (p *Processes) Find(pid int) (Process, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if proc := p.list[pid]; proc != nil {
		return *proc, true
	}
	return Process{}, false
}

// Has says whether there is a process of that number.
func (p *Processes) Has(pid int) bool {
	_, ok := p.Find(pid)
	return ok
}

// Named returns the processes of that name, oldest first.
func (p *Processes) Named(name string) []Process {
	return slices.DeleteFunc(p.All(), func(q Process) bool { return q.Name != name })
}

// All returns every process, by number.
func (p *Processes) All() []Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Process, 0, len(p.list))
	for _, proc := range p.list {
		out = append(out, *proc)
	}
	slices.SortFunc(out, func(a, b Process) int { return a.PID - b.PID })
	return out
}

func (p *Processes) reboot() {
	for _, proc := range p.All() {
		p.Kill(proc.PID)
	}
	p.mu.Lock()
	p.next = 1000
	p.mu.Unlock()
}
