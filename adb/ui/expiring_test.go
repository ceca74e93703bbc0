package ui

import (
	"context"
	"sync"
	"testing"
	"time"
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

type bounding = func(context.Context, time.Duration) (context.Context, context.CancelFunc)

// bounded makes one of a screen's bounds pass when a context ends; the others are as they are.
func bounded(which time.Duration, ends context.Context) bounding {
	return func(ctx context.Context, bound time.Duration) (context.Context, context.CancelFunc) {
		if bound != which {
			return context.WithTimeout(ctx, bound)
		}
		return ends, func() {}
	}
}

// shortened makes one of a screen's bounds short, where a phone that says nothing at all is what makes it pass.
func shortened(which time.Duration) bounding {
	return func(ctx context.Context, bound time.Duration) (context.Context, context.CancelFunc) {
		if bound == which {
			bound = 200 * time.Millisecond
		}
		return context.WithTimeout(ctx, bound)
	}
}
