package action

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

type playTrack struct{ title *harness.Canary }

// PlayTrack puts a track on the phone whose title nobody else has, plays it in the phone's music player, and removes it.
func PlayTrack(title *harness.Canary) harness.Action { return playTrack{title} }

func (playTrack) Name() string { return "play-track" }

func (p playTrack) About() harness.About {
	return harness.About{
		Scope: leak.ScopePhone, Claims: []leak.Claim{leak.ClaimContent}, Canaries: []*harness.Canary{p.title},
		Postcondition: "the track plays",
	}
}

func (p playTrack) Run(ctx context.Context, d *harness.Driver) (err error) {
	player, err := installed(ctx, d, "a music player", catalogue.Players())
	if err != nil {
		return err
	}
	file := "/sdcard/Music/" + p.title.Value() + ".mp3"
	if err := d.Put(ctx, file, track(p.title.Value())); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Remove(ctx, file)) }()
	if err := start(ctx, d, player.Package, player.Launch); err != nil { // its consent first: a dialog would swallow the track
		return err
	}
	if err := d.Front(ctx, player.Package); err != nil {
		return err
	}
	if err := d.Dismiss(ctx, player); err != nil {
		return err
	}
	if err := launch(ctx, d, player.Package, "-a", "android.intent.action.VIEW", "-t", "audio/mpeg", "-d", "file://"+file, "-p", player.Package); err != nil {
		return err
	}
	if err := d.AwaitPlayback(ctx, "the track to play", func(all []adb.Playback) bool {
		return slices.ContainsFunc(all, func(s adb.Playback) bool {
			return s.Playing && s.Package == player.Package && strings.Contains(s.Title, p.title.Value())
		})
	}); err != nil {
		return err
	}
	return d.Screen.Home(ctx)
}
