package adb

import (
	"context"
	"errors"
	"regexp"
	"strings"
)

// Playback is one media session of the phone: who plays what.
type Playback struct {
	Package string
	Playing bool
	Title   string // as the session describes it: title, artist and album; empty if it does not
}

// Playback lists the media sessions, the one that gets the media keys first.
func (d *Device) Playback(ctx context.Context) ([]Playback, error) {
	return read(ctx, d, "asking what plays", ParsePlayback, "dumpsys", "media_session")
}

var playbackState = regexp.MustCompile(`\bstate=PlaybackState \{state=(?:[A-Z_]{1,40}\()?(\d{1,3})\b`)

// statePlaying is PlaybackState.STATE_PLAYING.
const statePlaying = "3"

// maxSessions is more media sessions than any phone holds.
const maxSessions = 100

// ParsePlayback reads `dumpsys media_session`: blocks that begin with package= and hold a state, a number up to Android
// 11 and NAME(number) since 12, and a description (AOSP MediaSessionRecord.dump, PlaybackState.toString). No session is
// no error.
func ParsePlayback(text []byte) ([]Playback, error) {
	var out []Playback
	known := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "MEDIA SESSION SERVICE") || strings.Contains(line, "Sessions Stack") {
			known = true
		}
		if pkg, ok := strings.CutPrefix(line, "package="); ok && pkg != "" && len(out) < maxSessions {
			out = append(out, Playback{Package: clip(pkg)})
			continue
		}
		if len(out) == 0 {
			continue
		}
		now := &out[len(out)-1]
		if m := playbackState.FindStringSubmatch(line); m != nil {
			now.Playing = m[1] == statePlaying
		}
		if _, title, ok := strings.Cut(line, "description="); ok && strings.HasPrefix(line, "metadata:") {
			now.Title = clip(title)
		}
	}
	if !known && len(out) == 0 {
		return nil, errors.New("nothing about media sessions")
	}
	return out, nil
}
