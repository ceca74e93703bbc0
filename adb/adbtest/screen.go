package adbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"slices"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
)

func screen(t *testing.T, s suite) {
	ctx := s.within(t)
	display, err := s.d.Display(ctx)
	if err != nil {
		t.Fatal(err)
	}
	shot, err := s.d.Screencap(ctx)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	size := adb.Size{W: img.Bounds().Dx(), H: img.Bounds().Dy()}
	turned := adb.Size{W: size.H, H: size.W}
	check(t, "the picture has the screen's size", display.Current() == size || display.Current() == turned, []any{display, size}, nil)

	tree, err := ui.Dump(ctx, s.d)
	if err != nil {
		t.Fatal(err)
	}
	visible := 0
	for _, n := range tree.Nodes() {
		if !n.Bounds.Empty() && n.Bounds.R <= max(size.W, size.H) && n.Bounds.B <= max(size.W, size.H) {
			visible++
		}
	}
	check(t, "the dump has nodes on the screen", visible > 0, string(tree.XML), nil)
}

// inFront starts the app and waits for it.
func inFront(ctx context.Context, t *testing.T, s suite) *ui.Screen {
	t.Helper()
	component, err := s.d.ResolveLauncher(ctx, s.App)
	if err != nil {
		t.Fatal(err)
	}
	started, err := s.d.StartActivity(ctx, "-n", component)
	if err != nil || !started.OK() {
		t.Fatalf("starting %s: %+v, %v", component, started, err)
	}
	screen := ui.NewScreen(s.d)
	front, cancel := context.WithTimeout(ctx, s.Patience/3)
	defer cancel()
	if err := screen.WaitFocus(front, s.App); err != nil {
		t.Fatal(err)
	}
	return screen
}

func apps(t *testing.T, s suite) {
	ctx := s.within(t)
	for _, args := range [][]string{
		{"-n", "telltale.no.such.app/.Main"},
		{"-a", "telltale.no.such.ACTION"},
	} {
		started, err := s.d.StartActivity(ctx, args...)
		check(t, fmt.Sprintf("starting %v", args), !started.OK() && started.Error != "", started, err)
	}
	if _, err := s.d.ResolveLauncher(ctx, "telltale.no.such.app"); !errors.Is(err, adb.NoActivity) {
		t.Errorf("launcher of an app that is not there: %v", err)
	}
	screen := inFront(ctx, t, s)
	err := screen.Await(ctx, "a window of "+s.App, func(tree *ui.Tree) bool {
		return len(tree.FindAll(ui.Selector{Package: s.App})) > 0
	})
	check(t, "focus and dump agree", true, nil, err)
	if _, err := s.d.Shell(ctx, "am", "force-stop", s.App); err != nil {
		t.Error(err)
	}
	var focus adb.Focus
	err = s.soon(ctx, func() (_ bool, err error) {
		focus, err = s.d.Focus(ctx)
		return focus.Package != s.App, err
	})
	check(t, "after the app was stopped", focus.Package != s.App, focus, err)
}

// taps proves that a touch lands where the dump says a node is: one of the first nodes that say they are clickable
// changes the screen, and the back key changes it again.
func taps(t *testing.T, s suite) {
	ctx := s.within(t)
	screen := inFront(ctx, t, s)
	tree, err := screen.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	before := texts(tree)
	tried := 0
	for _, n := range tree.Nodes() {
		if !n.Clickable || !n.Enabled || n.Bounds.Empty() || n.Package != s.App {
			continue
		}
		if tried++; tried > 6 {
			break
		}
		x, y := n.Bounds.Center()
		if err := s.d.Tap(ctx, x, y); err != nil {
			t.Fatal(err)
		}
		look, cancel := context.WithTimeout(ctx, s.Moment/2)
		err := screen.Await(look, "another page", func(t *ui.Tree) bool { return !slices.Equal(texts(t), before) })
		cancel()
		var missing *ui.NotFoundError
		if errors.As(err, &missing) {
			continue // not every clickable node leads somewhere
		}
		if err != nil {
			t.Fatal(err)
		}
		now, err := screen.Dump(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := screen.Back(ctx); err != nil {
			t.Fatal(err)
		}
		err = screen.Await(ctx, "the page before", func(t *ui.Tree) bool { return !slices.Equal(texts(t), texts(now)) })
		check(t, "the back key", true, nil, err)
		check(t, "dropped input in the log", true, nil, s.d.InputDenied(ctx, time.Now().Add(-s.Patience)))
		if err := screen.Home(ctx); err != nil {
			t.Error(err)
		}
		return
	}
	t.Errorf("none of %d clickable nodes of %s reacts to a tap", tried, s.App)
}

// texts is what a screen says.
func texts(t *ui.Tree) []string {
	var out []string
	for _, n := range t.Nodes() {
		out = append(out, n.Package+"|"+n.Text+"|"+n.Desc)
	}
	return out
}
