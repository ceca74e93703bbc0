package leak

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
)

// Whether a phone reacts to an action can be told without reading what it sends: windows with the action and idle windows
// are run in an order drawn at random, and the same order could have given every other one as well. How often chance alone
// would set them as far apart is counted, not assumed (a permutation test; Fisher 1935, Good 2005). It works on opaque flows.

// Trial is one window of such an experiment.
type Trial struct {
	Action bool // the action was done in it; otherwise the phone was left alone
	// Block numbers the windows whose order was drawn together. Labels are only exchanged inside a block, so that what
	// changes slowly (the time of day, a filling queue) does not count as a reaction.
	Block int
	Sent  []TrialContact
}

// TrialContact is what one window saw sent to one destination.
type TrialContact struct {
	To      Destination
	Bytes   int64 // from the phone
	DelayUS int64 // from the action, or the start of an idle window, to the first byte
}

// Destination is where something is sent, and by whom.
type Destination struct {
	Host string
	Port int
	App  string // empty is unknown
}

// ReactionOptions say how sure a reaction must be. The zero value stands for the defaults.
type ReactionOptions struct {
	AlphaPPM int64  // chance of calling any destination of an action that nothing reacts to, in parts per million; 10 000
	Seed     uint64 // of the run, for tests too large to count out
	Draws    int    // permutations drawn then; 20 000
}

// Effect is what the windows say of one destination.
type Effect struct {
	To              Destination
	Seen, Actions   int   // action windows in which it was sent to, of how many
	IdleSeen, Idles int   // the same of idle windows
	Bytes           int64 // median over the action windows that sent to it
	DelayUS         int64 // median over the same
	PPM             int64 // how often chance gives as much or more, in parts per million, corrected for the number of destinations
	Tested          bool  // sent to often enough for a test
	Reacts          bool
}

// Reaction is the outcome of an experiment. Effects are sorted by PPM, then by destination.
type Reaction struct {
	Effects []Effect
	// Tested is how many destinations were tested: those that were sent to often enough for any order to tell.
	Tested int
	// Untested is how many would have had to be tested beyond the bound, and were not.
	Untested int
	// Rare are those that no order could tell, beyond the Effects: what they would be, but for the amounts.
	Rare []Effect
	// TooFew says that even a destination that is sent to in every action window and no idle one could not be told from
	// chance. Need is how many windows of each kind would do, in one block.
	TooFew bool
	Need   int
}

// maxTested bounds how many destinations are tested, and how many effects are told: what is sent to most often comes first.
const maxTested = 200

// React tests every destination that any window sent to, for being sent to more often, or more, when the action is done.
func React(trials []Trial, opt ReactionOptions) Reaction {
	if opt.AlphaPPM <= 0 {
		opt.AlphaPPM = DefaultAlphaPPM
	}
	if opt.Draws <= 0 {
		opt.Draws = 20_000
	}
	var out Reaction
	tested, rare, over := eligible(trials, opt.AlphaPPM)
	out.Tested, out.Untested = len(tested), over
	told := min(len(rare), maxTested-len(tested))
	out.Rare = seldom(trials, rare[told:])
	rare = rare[:told]
	for i, to := range tested {
		e, often, much := measure(trials, to)
		p := min(2*often.count(), 2*much.count(opt.Seed^uint64(i)*0x9e3779b97f4a7c15, opt.Draws))
		e.PPM, e.Tested = min(p, million), true
		out.Effects = append(out.Effects, e)
	}
	holm(out.Effects, opt.AlphaPPM)
	for _, to := range rare {
		e, _, _ := measure(trials, to)
		e.PPM = million
		out.Effects = append(out.Effects, e)
	}
	n := int64(max(1, len(tested)))
	out.TooFew = min(million, 2*bestPPM(trials)*n) > opt.AlphaPPM
	for out.Need = 2; 2*n*orderedPPM(out.Need) > opt.AlphaPPM && out.Need < 1000; out.Need++ {
	}
	return out
}

// DefaultAlphaPPM is the chance, in parts per million, of calling any destination of an action that nothing reacts to.
const DefaultAlphaPPM = 10_000

// eligible gives the destinations to test, and those that were sent to in so few windows that no order of them could tell
// (Tarone 1990): testing these would only blunt the test of the others. Both depend on how often a destination was sent to,
// and not on whether the action was done, so that choosing is no test. over is how many were left out for want of room.
func eligible(trials []Trial, alpha int64) (tested, rare []Destination, over int) {
	type size struct{ windows, actions int }
	blocks := map[int]size{}
	where := map[Destination][]int{}
	for i, t := range trials {
		s := blocks[t.Block]
		blocks[t.Block] = size{s.windows + 1, s.actions + btoi(t.Action)}
		for _, c := range t.Sent {
			if w := where[c.To]; len(w) == 0 || w[len(w)-1] != i {
				where[c.To] = append(w, i)
			}
		}
	}
	for to, windows := range where {
		seen := map[int]int{}
		for _, i := range windows {
			seen[trials[i].Block]++
		}
		part, all := big.NewInt(1), big.NewInt(1)
		for block, n := range seen {
			x, y := attainable(blocks[block].windows, blocks[block].actions, n)
			part.Mul(part, x)
			all.Mul(all, y)
		}
		if 2*ppm(part, all) <= alpha {
			tested = append(tested, to)
		} else {
			rare = append(rare, to)
		}
	}
	often := func(a, b Destination) int {
		return cmp.Or(cmp.Compare(len(where[b]), len(where[a])), compareDestinations(a, b))
	}
	slices.SortFunc(tested, often)
	slices.SortFunc(rare, often)
	if over = max(0, len(tested)-maxTested); over > 0 {
		tested = tested[:maxTested]
	}
	slices.SortFunc(tested, compareDestinations)
	return tested, rare, over
}

// seldom counts in how many windows destinations were sent to, all of them in one pass.
func seldom(trials []Trial, to []Destination) []Effect {
	out := make([]Effect, len(to))
	at := make(map[Destination]int, len(to))
	for i, d := range to {
		out[i] = Effect{To: d, PPM: million}
		at[d] = i
	}
	last := make([]int, len(to)) // window in which it was counted, from 1
	actions := 0
	for n, t := range trials {
		actions += btoi(t.Action)
		for _, c := range t.Sent {
			i, ok := at[c.To]
			if !ok || last[i] == n+1 {
				continue
			}
			last[i] = n + 1
			out[i].Seen += btoi(t.Action)
			out[i].IdleSeen += btoi(!t.Action)
		}
	}
	for i := range out {
		out[i].Actions, out[i].Idles = actions, len(trials)-actions
	}
	return out
}

const million = 1_000_000

func compareDestinations(a, b Destination) int {
	return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port), cmp.Compare(a.App, b.App))
}

// measure gathers what the windows say of one destination: how often, and how much.
func measure(trials []Trial, to Destination) (Effect, contactTest, bytesTest) {
	e := Effect{To: to}
	var bytes, delays []int64
	often, much := contactTest{}, bytesTest{}
	for _, t := range trials {
		var sum, delay int64
		seen := false
		for _, c := range t.Sent {
			if c.To != to {
				continue
			}
			if !seen || c.DelayUS < delay {
				delay = c.DelayUS
			}
			seen, sum = true, sum+c.Bytes
		}
		if t.Action {
			e.Actions++
			if seen {
				e.Seen++
				bytes, delays = append(bytes, sum), append(delays, delay)
			}
		} else {
			e.Idles++
			if seen {
				e.IdleSeen++
			}
		}
		often.add(t.Block, t.Action, seen)
		much.add(t.Block, t.Action, sum)
	}
	e.Bytes, e.DelayUS = median(bytes), median(delays)
	return e, often, much
}

func median(v []int64) int64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// holm corrects for the number of destinations (Holm 1979): the smallest p counts as often as there are destinations, the
// next once less, and none may be smaller than the one before it.
func holm(effects []Effect, alpha int64) {
	slices.SortFunc(effects, func(a, b Effect) int { return cmp.Or(cmp.Compare(a.PPM, b.PPM), compareDestinations(a.To, b.To)) })
	var floor int64
	for i := range effects {
		e := &effects[i]
		floor = max(floor, min(million, e.PPM*int64(len(effects)-i)))
		e.PPM = floor
		e.Reacts = e.PPM <= alpha
	}
}

// String says an effect in words: "within 4 s, 1.2 kB to tracking.miui.com:443, 8 of 8 times; idle 0 of 8; chance 0.02 %".
func (e Effect) String() string {
	chance := fmt.Sprintf("chance %d.%02d %%", e.PPM/10_000, e.PPM%10_000/100)
	if e.PPM < 100 {
		chance = "chance below 0.01 %"
	}
	return fmt.Sprintf("within %s, %s %s, %d of %d times; idle %d of %d; %s",
		seconds(e.DelayUS), kilobytes(e.Bytes), e.To, e.Seen, e.Actions, e.IdleSeen, e.Idles, chance)
}

// String says where to, after an amount: "to tracking.miui.com:443".
func (d Destination) String() string {
	switch {
	case d.Host == "":
		return "around the proxy"
	case d.Port == 0:
		return "to " + d.Host
	}
	return fmt.Sprintf("to %s:%d", d.Host, d.Port)
}

func seconds(us int64) string { return fmt.Sprintf("%d.%d s", us/1_000_000, us%1_000_000/100_000) }

func kilobytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%d.%d kB", n/1000, n%1000/100)
}
