package leak

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var tracker = Destination{Host: "tracking.miui.com", Port: 443, App: "com.miui.analytics"}

// simulate makes an experiment of n action and n idle windows in random order. Ten destinations are sent to now and then,
// whatever is done; the tracker is also sent to in this share of the action windows.
func simulate(r *rand.Rand, n, percent int) []Trial {
	trials := make([]Trial, 2*n)
	for i := range trials {
		trials[i].Action = i < n
	}
	r.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
	for i := range trials {
		t := &trials[i]
		for d := range 10 {
			if r.IntN(100) < 5*d {
				to := Destination{Host: string(rune('a'+d)) + ".example", Port: 443}
				t.Sent = append(t.Sent, TrialContact{To: to, Bytes: 200 + r.Int64N(4000), DelayUS: r.Int64N(20_000_000)})
			}
		}
		if t.Action && r.IntN(100) < percent {
			t.Sent = append(t.Sent, TrialContact{To: tracker, Bytes: 1000 + r.Int64N(400), DelayUS: 2_000_000 + r.Int64N(4_000_000)})
		}
	}
	return trials
}

func called(x Reaction) (names []string) {
	for _, e := range x.Effects {
		if e.Reacts {
			names = append(names, e.To.Host)
		}
	}
	return names
}

// reactionRepeats is how many windows of each kind show a reaction in three of ten times, beside ten busy destinations.
const reactionRepeats = 56

func TestReactIsSeldomWrong(t *testing.T) {
	runs := 1000
	if raceDetector {
		runs = 200
	}
	r := rand.New(rand.NewPCG(11, 12))
	wrong := 0
	for run := range runs {
		if len(called(React(simulate(r, 8, 0), ReactionOptions{Seed: uint64(run), Draws: 2000}))) > 0 {
			wrong++
		}
	}
	if wrong > runs/100 {
		t.Errorf("a reaction was called in %d of %d runs without one; at most 1 %% is promised", wrong, runs)
	}
}

func TestReactFindsWeakReactions(t *testing.T) {
	runs := 200
	if raceDetector {
		runs = 40
	}
	r := rand.New(rand.NewPCG(13, 14))
	found := 0
	for run := range runs {
		if got := called(React(simulate(r, reactionRepeats, 30), ReactionOptions{Seed: uint64(run), Draws: 2000})); len(got) > 0 && got[0] == tracker.Host {
			found++
		}
	}
	if found < runs*9/10 {
		t.Errorf("a reaction in 30 %% of the windows was found in %d of %d runs", found, runs)
	}
}

func TestReactSaysWhatItSaw(t *testing.T) {
	var trials []Trial
	for i := range 16 {
		x := Trial{Action: i%2 == 0}
		if x.Action {
			x.Sent = []TrialContact{{tracker, 1200, 3_900_000 + int64(i)}, {tracker, 34, 9_000_000}}
		}
		trials = append(trials, x)
	}
	got := React(trials, ReactionOptions{Seed: 1})
	want := []Effect{{To: tracker, Seen: 8, Actions: 8, Idles: 8, Bytes: 1234, DelayUS: 3_900_008, PPM: got.Effects[0].PPM, Tested: true, Reacts: true}}
	if d := cmp.Diff(want, got.Effects); d != "" {
		t.Error(d)
	}
	if p := got.Effects[0].PPM; p != 2*78 { // twice one of 12870 orders, rounded up
		t.Errorf("chance %d ppm", p)
	}
	if s := got.Effects[0].String(); !strings.HasPrefix(s, "within 3.9 s, 1.2 kB to tracking.miui.com:443, 8 of 8 times; idle 0 of 8; chance 0.01 %") {
		t.Error(s)
	}
	if again := React(trials, ReactionOptions{Seed: 1}); cmp.Diff(got, again) != "" {
		t.Error("the same windows and seed gave another outcome")
	}
}

func TestReactNeedsWindows(t *testing.T) {
	few := []Trial{{Action: true, Sent: []TrialContact{{tracker, 1, 1}}}, {}, {Action: true, Sent: []TrialContact{{tracker, 1, 1}}}, {}}
	if x := React(few, ReactionOptions{}); !x.TooFew || x.Need != 5 || len(called(x)) > 0 {
		t.Errorf("two windows of each kind: %+v", x)
	}
	if x := React(simulate(rand.New(rand.NewPCG(1, 1)), 8, 0), ReactionOptions{}); x.TooFew {
		t.Errorf("eight windows of each kind: %+v", x)
	}
	if x := React(nil, ReactionOptions{}); !x.TooFew || len(x.Effects) != 0 {
		t.Errorf("no windows: %+v", x)
	}
}

// Labels are exchanged inside blocks alone: what changes from block to block is no reaction.
func TestReactKeepsToBlocks(t *testing.T) {
	var trials []Trial
	for i := range 40 { // the first half has more action windows, and traffic whatever is done
		x := Trial{Block: i / 20, Action: i < 15 || i >= 35}
		if i < 20 {
			x.Sent = []TrialContact{{tracker, 100, 1}}
		}
		trials = append(trials, x)
	}
	if got := called(React(trials, ReactionOptions{})); len(got) > 0 {
		t.Errorf("called %v", got)
	}
	for i := range trials {
		trials[i].Block = 0
	}
	if got := called(React(trials, ReactionOptions{})); len(got) == 0 {
		t.Error("without blocks the same windows must look like a reaction, or this test shows nothing")
	}
}
