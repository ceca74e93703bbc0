package adb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePlayback(t *testing.T) {
	const head = "MEDIA SESSION SERVICE (dumpsys media_session)\n\n"
	for _, tc := range []struct {
		name, text string
		want       []Playback
		bad        bool
	}{
		{"up to Android 11", head + "  Sessions Stack - have 1 sessions:\n    A com.a/A (userId=0)\n      package=com.a\n      state=PlaybackState {state=3, position=0, speed=1.0}\n      metadata: size=3, description=a track, an artist, null\n",
			[]Playback{{Package: "com.a", Playing: true, Title: "a track, an artist, null"}}, false},
		{"since Android 12", head + "      package=com.a\n      state=PlaybackState {state=PLAYING(3), position=0}\n", []Playback{{Package: "com.a", Playing: true}}, false},
		{"paused", head + "      package=com.a\n      state=PlaybackState {state=PAUSED(2), position=0}\n", []Playback{{Package: "com.a"}}, false},
		{"a state that only begins with 3", head + "      package=com.a\n      state=PlaybackState {state=33, position=0}\n", []Playback{{Package: "com.a"}}, false},
		{"two, each with its own", head + "package=com.a\nstate=PlaybackState {state=2}\npackage=com.b\nstate=PlaybackState {state=3}\nmetadata: size=1, description=x, null, null",
			[]Playback{{Package: "com.a"}, {Package: "com.b", Playing: true, Title: "x, null, null"}}, false},
		{"none", head + "0 sessions listeners.\n", nil, false},
		{"a state without a session", head + "state=PlaybackState {state=3}\n", nil, false},
		{"something else", "Can't find service: media_session\n", nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := ParsePlayback([]byte(tc.text))
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != tc.bad {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func FuzzPlayback(f *testing.F) {
	f.Add([]byte("MEDIA SESSION SERVICE\npackage=com.a\nstate=PlaybackState {state=PLAYING(3)}\nmetadata: size=1, description=x"))
	f.Fuzz(func(t *testing.T, in []byte) {
		list, err := ParsePlayback(in)
		if err != nil && list != nil || len(list) > maxSessions {
			t.Fatalf("%d, %v", len(list), err)
		}
		for _, p := range list {
			if p.Package == "" {
				t.Fatal("a session of nobody")
			}
		}
	})
}
