package harness

import "context"

// StopProxy stops a lease's proxy in the middle of whatever goes on, as a crash of it would.
func (l *Lease) StopProxy(ctx context.Context) error { return l.proxy.Shutdown(ctx) }

// JournalOf is the undo journal of a lease.
func (l *Lease) JournalOf() *Undo { return l.undo }
