package action

import (
	"context"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

type swipeHome struct{}

// SwipeHome goes to the home screen and swipes to its next page and back. No one is meant to learn of it; the launcher
// that says its own name in its own traffic reports itself, not the swipe.
func SwipeHome() harness.Action { return swipeHome{} }

func (swipeHome) Name() string { return "swipe-home" }

func (swipeHome) About() harness.About {
	var markers []leak.Marker
	for _, pkg := range catalogue.Launchers() {
		markers = append(markers, leak.Marker{Kind: "package", Text: pkg, Own: pkg})
	}
	for _, event := range catalogue.SwipeEvents() {
		markers = append(markers, leak.Marker{Kind: "event", Text: event})
	}
	return harness.About{
		Scope:         leak.ScopePhone,
		Claims:        []leak.Claim{leak.ClaimReaction},
		Markers:       markers,
		Postcondition: "another page of the home screen, and the first one again",
	}
}

// swipeTime is that of a finger; a faster one is a fling that some launchers take for two pages.
const swipeTime = 200 * time.Millisecond

func (swipeHome) Run(ctx context.Context, d *harness.Driver) error {
	if err := d.Screen.Home(ctx); err != nil {
		return err
	}
	var home []string
	if err := d.Await(ctx, "the home screen", func(t *ui.Tree) bool {
		home = shownBy(t, catalogue.Launchers())
		return len(home) > 0
	}); err != nil {
		return err
	}
	for _, way := range []struct {
		what     string
		from, to [2]int
		wanted   func(page []string) bool
	}{
		{"another page of the home screen", [2]int{85, 50}, [2]int{15, 50}, func(page []string) bool { return len(page) > 0 && !slices.Equal(page, home) }},
		{"the first page again", [2]int{15, 50}, [2]int{85, 50}, func(page []string) bool { return slices.Equal(page, home) }},
	} {
		if err := d.Screen.Swipe(ctx, way.from, way.to, swipeTime); err != nil {
			return err
		}
		if err := d.Await(ctx, way.what, func(t *ui.Tree) bool { return way.wanted(shownBy(t, catalogue.Launchers())) }); err != nil {
			return err
		}
	}
	return nil
}

// shownBy lists, in order, what packages show of themselves; a clock, which changes by itself, apart.
func shownBy(t *ui.Tree, packages []string) []string {
	var out []string
	for _, n := range t.Nodes() {
		if text := n.Text + "\x00" + n.Desc; text != "\x00" && slices.Contains(packages, n.Package) && !clock(n.Text) {
			out = append(out, text)
		}
	}
	return out
}

// clock says whether a text holds a time of day.
func clock(text string) bool {
	for i := 1; i+2 < len(text); i++ {
		if text[i] == ':' && digit(text[i-1]) && digit(text[i+1]) && digit(text[i+2]) {
			return true
		}
	}
	return false
}

func digit(b byte) bool { return b >= '0' && b <= '9' }
