package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// patience is how long [Screen.Tap] looks for a node before it falls back on a point; half the time it has, if that is
// shorter.
const patience = 8 * time.Second

// Tap waits until one of the selectors matches a node that can be touched, and touches its middle. If none does for a
// while, or the screen does not come to rest, and a selector has a point, that is touched instead. When ctx ends it is a
// [*NotFoundError].
func (s *Screen) Tap(ctx context.Context, selectors ...Selector) error {
	waiting := ctx
	point := fallback(selectors)
	if point != nil && !slices.ContainsFunc(selectors, func(s Selector) bool { return !s.empty() }) {
		return s.tapPoint(ctx, *point, 0)
	}
	if point != nil {
		var stop context.CancelFunc
		waiting, stop = s.within(ctx, turn(ctx))
		defer stop()
	}
	var target *Node
	tree, err := s.await(waiting, describe(selectors), wordsOf(selectors), func(t *Tree) bool {
		target = first(t, selectors, touchable)
		return target != nil
	})
	if err == nil {
		x, y := target.Bounds.Center()
		return s.dev.Tap(ctx, x, y)
	}
	var missing *NotFoundError
	if point == nil || ctx.Err() != nil || !errors.As(err, &missing) && !errors.Is(err, ErrBusy) {
		return err
	}
	rotation := 0
	if tree != nil {
		rotation = tree.Rotation
	}
	return s.tapPoint(ctx, *point, rotation)
}

// turn is when a point is touched instead of a node.
func turn(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return min(patience, time.Until(end)/2)
	}
	return patience
}

func (s *Screen) tapPoint(ctx context.Context, point [2]int, rotation int) error {
	size, err := s.size(ctx, rotation)
	if err != nil {
		return err
	}
	return s.dev.Tap(ctx, at(size.W, point[0]), at(size.H, point[1]))
}

// touchable leaves out nodes without extent and disabled ones. Whether a node says that it is clickable does not matter:
// often its parent is.
func touchable(n *Node) bool {
	return n.Enabled && !n.Bounds.Empty() && n.Bounds.L >= 0 && n.Bounds.T >= 0
}

func fallback(selectors []Selector) *[2]int {
	for _, s := range selectors {
		if s.Percent != [2]int{} {
			return &s.Percent
		}
	}
	return nil
}

// Swipe draws a line between two points in hundredths of the screen's width and height, held upright. A line of no
// length is a long press.
func (s *Screen) Swipe(ctx context.Context, from, to [2]int, in time.Duration) error {
	for _, v := range []int{from[0], from[1], to[0], to[1]} {
		if v < 0 || v > 100 {
			return &adb.Fault{Class: adb.ClassHarness, Code: adb.Usage, Phone: s.dev.Serial(), Op: "swiping", Err: fmt.Errorf("from %v to %v, in hundredths", from, to)}
		}
	}
	size, err := s.size(ctx, 0)
	if err != nil {
		return err
	}
	return s.dev.Swipe(ctx, at(size.W, from[0]), at(size.H, from[1]), at(size.W, to[0]), at(size.H, to[1]), in)
}

// Dismiss looks once and touches the first button of a dialog that it finds; the selectors are in order of preference.
// It reports whether there was one.
func (s *Screen) Dismiss(ctx context.Context, selectors []Selector) (tapped bool, err error) {
	t, err := s.Dump(ctx)
	if err != nil {
		return false, err
	}
	n := first(t, selectors, touchable)
	if n == nil {
		return false, nil
	}
	x, y := n.Bounds.Center()
	if err := s.dev.Tap(ctx, x, y); err != nil {
		return false, err
	}
	return true, nil
}

// size of the screen as it is turned.
func (s *Screen) size(ctx context.Context, rotation int) (adb.Size, error) {
	d, err := s.dev.Display(ctx)
	size := d.Current()
	if rotation%2 == 1 {
		size.W, size.H = size.H, size.W
	}
	return size, err
}

// at is a point in hundredths of a length, inside of the screen.
func at(length, percent int) int { return min(length*percent/100, length-1) }
