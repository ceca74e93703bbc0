package action

import (
	"context"
	"strings"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

type pullStatusBar struct{}

// PullStatusBar pulls the status bar down on the home screen and pushes it up again. No one is meant to learn of it.
func PullStatusBar() harness.Action { return pullStatusBar{} }

func (pullStatusBar) Name() string { return "pull-status-bar" }

func (pullStatusBar) About() harness.About {
	const own = "com.android.systemui"
	markers := []leak.Marker{{Kind: "package", Text: own, Own: own}}
	for _, event := range catalogue.StatusBarEvents() {
		markers = append(markers, leak.Marker{Kind: "event", Text: event})
	}
	return harness.About{
		Scope:         leak.ScopePhone,
		Claims:        []leak.Claim{leak.ClaimReaction},
		Markers:       markers,
		Postcondition: "the notification shade, and the home screen again",
	}
}

func (pullStatusBar) Run(ctx context.Context, d *harness.Driver) error {
	if err := d.Screen.Home(ctx); err != nil {
		return err
	}
	// A finger, not `cmd statusbar`: what a person does is what may be reported. In the left half, since MIUI 12 and later open
	// the control centre in the right one (public texts, unverified).
	if err := d.Screen.Swipe(ctx, [2]int{25, 0}, [2]int{25, 60}, swipeTime); err != nil {
		return err
	}
	if err := d.AwaitFocus(ctx, "the notification shade", shade); err != nil {
		_ = d.Screen.Home(ctx) // whatever came instead would lie over the next action
		return err
	}
	if err := d.Screen.Back(ctx); err != nil {
		return err
	}
	return d.Await(ctx, "the home screen again", func(t *ui.Tree) bool { return len(shownBy(t, catalogue.Launchers())) > 0 })
}

// shade says whether a window is the notification shade: NotificationShade since Android 11, StatusBar before. The lock
// screen has the same window, which cannot be in front of an unlocked phone.
func shade(window string) bool {
	return strings.Contains(window, "NotificationShade") || strings.Contains(window, "StatusBar")
}
