package leak

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// Kinds of window that a reaction cell compares.
const (
	TrialAction = "action" // the action was done
	TrialIdle   = "idle"   // the phone was left alone, from the same screen and for as long
)

// Bounds of the number of windows of each kind, and what a scenario has that names none: enough to show a reaction that
// comes in three of ten times, nine times in ten, beside up to eighty destinations that are tested
// (TestDefaultTrialsShowWeakReactions measures it).
const (
	DefaultTrials = 60
	MaxTrials     = 500
)

// trialBlock is how many windows of each kind a block has at most. The order is drawn inside blocks, so that what changes
// slowly weighs on both kinds alike.
const trialBlock = 6

// Place is where one window stands in the order of a reaction cell's windows, which was drawn before the first of them.
type Place struct {
	Kind  string `json:"kind"`  // TrialAction or TrialIdle
	Block int    `json:"block"` // from 1
	N     int    `json:"n"`     // from 1, over all blocks
	Of    int    `json:"of"`    // windows in the order, of both kinds
	Seed  int64  `json:"seed"`  // that TrialOrder drew the order from, below 2^48
	// Own lists apps that the action itself brings to the front: what they send then is their own traffic, no report.
	Own []string `json:"own,omitempty"`
}

// TrialSeed derives the seed of a cell's order from the run's.
func TrialSeed(run string, key Key) int64 {
	sum := sha256.Sum256([]byte("trials\x00" + run + "\x00" + key.Phone + "\x00" + key.Browser + "\x00" + key.Scenario + "\x00" + key.Variant))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 16)
}

// TrialOrder draws the order of n windows with the action and n without, in blocks of like size.
func TrialOrder(seed int64, n int) []Place {
	n = min(n, MaxTrials)
	if n <= 0 {
		return nil
	}
	r := rand.NewPCG(uint64(seed), 0x0bde_4b10)
	blocks := (n + trialBlock - 1) / trialBlock
	out := make([]Place, 0, 2*n)
	for b := range blocks {
		pairs := n/blocks + btoi(b < n%blocks)
		from := len(out)
		for i := range 2 * pairs {
			kind := TrialAction
			if i >= pairs {
				kind = TrialIdle
			}
			out = append(out, Place{Kind: kind, Block: b + 1, Of: 2 * n, Seed: seed})
		}
		shuffle(r, out[from:])
	}
	for i := range out {
		out[i].N = i + 1
	}
	return out
}

// TrialPlaces is how many attempts a cell has: its repeats, or, of a cell that compares windows, those with the action and
// those without, and before them as many ordinary ones as the repeats lack, at least one. The first time is different
// from all others (caches, first-run dialogs), and shows how long a window takes.
func TrialPlaces(repeat, trials int) int { return ordinary(repeat, trials) + 2*trials }

func ordinary(repeat, trials int) int {
	if trials <= 0 {
		return repeat
	}
	return max(1, repeat-trials)
}

// PlaceOf is the place of a cell's n-th attempt, from 1; nil for an ordinary one.
func PlaceOf(order []Place, repeat, n int) *Place {
	i := n - 1 - ordinary(repeat, len(order)/2)
	if i < 0 || i >= len(order) {
		return nil
	}
	return &order[i]
}

// idle says whether an attempt is a window in which nothing was done.
func (a *Attempt) idle() bool { return a.Trial != nil && a.Trial.Kind == TrialIdle }

// shuffle and below use the generator's words alone, whose values are fixed for all times: an order that is recorded must
// be drawn again with any later Go.
func shuffle[T any](r *rand.PCG, s []T) {
	for i := len(s) - 1; i > 0; i-- {
		j := below(r, i+1)
		s[i], s[j] = s[j], s[i]
	}
}

// below draws a number from 0 to n-1. The bias is below 2^-50.
func below(r *rand.PCG, n int) int {
	hi, _ := bits.Mul64(r.Uint64(), uint64(n))
	return int(hi)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
