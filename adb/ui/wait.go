package ui

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// lookEvery is how long a wait rests between two looks; on a real phone a look itself takes 2 to 3 s.
const lookEvery = 100 * time.Millisecond

// WaitFor waits until one of the selectors matches and returns the first node of the first selector that does. When ctx
// ends first it is a [*NotFoundError].
func (s *Screen) WaitFor(ctx context.Context, selectors ...Selector) (*Node, error) {
	var found *Node
	_, err := s.await(ctx, describe(selectors), wordsOf(selectors), func(t *Tree) bool {
		found = first(t, selectors, nil)
		return found != nil
	})
	return found, err
}

// Await waits until the screen is as wanted. what says it in words, for the [*NotFoundError] when ctx ends first.
func (s *Screen) Await(ctx context.Context, what string, wanted func(*Tree) bool) error {
	_, err := s.await(ctx, what, nil, wanted)
	return err
}

// await returns the last tree that was seen. A phone that showed nothing readable for the whole time is the fault that
// a look ended with.
func (s *Screen) await(ctx context.Context, what string, words []string, wanted func(*Tree) bool) (last *Tree, err error) {
	var unread, silent error
	err = s.poll(ctx, "waiting for "+what, func() (bool, error) {
		var t *Tree
		var err error
		if t, silent, err = s.look(ctx); err != nil {
			if passing(err) {
				unread = err
			}
			return false, err
		}
		last = t
		return wanted(t), nil
	})
	if !tooLate(ctx, err) {
		return last, err
	}
	if silent == nil { // a dump in vain has asked already, for the whole of the bound
		silent = s.alive(ctx, err)
	}
	if silent != nil {
		return last, silent
	}
	switch {
	case last != nil:
		return last, notFound(what, words, last)
	case unread != nil:
		return nil, unread
	}
	return nil, err
}

// WaitFocus waits until a package is in front. When ctx ends first it is a [*NotFoundError] that names what was.
func (s *Screen) WaitFocus(ctx context.Context, pkg string) error {
	return s.AwaitFocus(ctx, "an activity of "+pkg, func(f adb.Focus) bool { return f.Package == pkg })
}

// AwaitFocus waits until what takes the user's input is as wanted. When ctx ends first it is a [*NotFoundError] that
// names what was.
func (s *Screen) AwaitFocus(ctx context.Context, what string, wanted func(adb.Focus) bool) error {
	return s.AwaitState(ctx, what, func() (bool, string, error) {
		f, err := s.Focus(ctx)
		return err == nil && wanted(f), cmp.Or(f.Package, f.Window), err
	})
}

// AwaitState looks until a look says that what is waited for has come. A look also says what is there instead, which the
// [*NotFoundError] then names when ctx ends first.
func (s *Screen) AwaitState(ctx context.Context, what string, look func() (reached bool, got string, err error)) error {
	looked, last := false, ""
	err := s.poll(ctx, "waiting for "+what, func() (bool, error) {
		reached, got, err := look()
		if err == nil {
			looked, last = true, got
		}
		return reached, err
	})
	if !looked || !tooLate(ctx, err) {
		return err
	}
	if err := s.alive(ctx, err); err != nil {
		return err
	}
	return &NotFoundError{Wanted: what, Front: last}
}

// tooLate says that a wait ended by its time, not by the caller's wish or by a fault.
func tooLate(ctx context.Context, err error) bool {
	return (errors.Is(err, adb.Timeout) || passing(err)) && past(ctx)
}

// past says that a deadline has passed; a look may notice a moment before its context does.
func past(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return errors.Is(ctx.Err(), context.DeadlineExceeded) || ok && !time.Now().Before(end)
}

// aliveTimeout bounds the question whether a phone still answers.
const aliveTimeout = 3 * time.Second

// alive tells a screen that shows something else from a phone that hangs: the last look may have run into the end of
// the wait for either reason.
func (s *Screen) alive(ctx context.Context, err error) error {
	if passing(err) {
		return nil
	}
	return s.answers(ctx)
}

// answers asks a phone's shell for a sign of life, whether or not there is time left.
func (s *Screen) answers(ctx context.Context) error {
	ctx, cancel := s.within(context.WithoutCancel(ctx), aliveTimeout)
	defer cancel()
	_, err := s.dev.Shell(ctx, "true")
	return err
}

// poll looks until a look is what was wanted, fails for good, or ctx ends. A look that fails in passing is repeated; if
// it was the last, its failure is what is returned.
func (s *Screen) poll(ctx context.Context, op string, look func() (bool, error)) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		done, err := look()
		if done || err != nil && !passing(err) {
			return err
		}
		select {
		case <-tick.C:
			continue
		case <-ctx.Done():
		}
		if err != nil {
			return err
		}
		f := &adb.Fault{Class: adb.ClassHarness, Code: adb.Canceled, Phone: s.dev.Serial(), Op: op, Err: context.Cause(ctx)}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			f.Class, f.Code = adb.ClassPhone, adb.Timeout
		}
		return f
	}
}

// first returns the first node of the first selector that matches one, of those that keep accepts.
func first(t *Tree, selectors []Selector, keep func(*Node) bool) *Node {
	for _, s := range selectors {
		for _, n := range t.FindAll(s) {
			if keep == nil || keep(n) {
				return n
			}
		}
	}
	return nil
}

func describe(selectors []Selector) string {
	var parts []string
	for _, s := range selectors {
		parts = append(parts, s.String())
	}
	return strings.Join(parts, "; or ")
}
