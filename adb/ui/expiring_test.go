package ui

import (
	"context"
	"sync"
	"testing"
)

// expiring is a context whose deadline passes when the test says so: how long the machine takes decides nothing.
type expiring struct {
	context.Context
	done   chan struct{}
	expire func()
}

func newExpiring(t *testing.T) *expiring {
	done := make(chan struct{})
	e := &expiring{Context: t.Context(), done: done, expire: sync.OnceFunc(func() { close(done) })}
	t.Cleanup(e.expire)
	return e
}

func (e *expiring) Done() <-chan struct{} { return e.done }

func (e *expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
