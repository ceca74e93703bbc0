package ui

import (
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

// await returns the last tree that was seen. A phone that shows nothing readable for the whole time is the fault that
// the last look ended with.
func (s *Screen) await(ctx context.Context, what string, words []string, wanted func(*Tree) bool) (last *Tree, err error) {
	err = s.poll(ctx, "waiting for "+what, func() (bool, error) {
		t, err := s.Dump(ctx)
		if err != nil {
			return false, err
		}
		last = t
		return wanted(t), nil
	})
	if last != nil && isDeadline(ctx, err) {
		err = notFound(what, words, last)
	}
	return last, err
}

// WaitFocus waits until a package is in front. When ctx ends first it is a [*NotFoundError] that names what was.
func (s *Screen) WaitFocus(ctx context.Context, pkg string) error {
	var front *adb.Focus
	err := s.poll(ctx, "waiting for "+pkg+" in front", func() (bool, error) {
		f, err := s.Focus(ctx)
		if err != nil {
			return false, err
		}
		front = &f
		return f.Package == pkg, nil
	})
	if front == nil || !isDeadline(ctx, err) {
		return err
	}
	missing := &NotFoundError{Wanted: "an activity of " + pkg, Front: front.Package}
	if front.Package == "" {
		missing.Front = front.Window
	}
	return missing
}

// isDeadline says that a wait ended by its time, not by the caller's wish or by a fault.
func isDeadline(ctx context.Context, err error) bool {
	return err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded)
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
