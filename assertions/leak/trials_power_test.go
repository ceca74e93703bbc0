package leak

import (
	"math/rand/v2"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
)

// recorded is the recording of a phone whose settings were opened n times, and left alone as often, in an order that was
// drawn. Ten destinations are sent to now and then, whatever is done; the tracker is also sent to, unread, in this share of
// the windows with the action.
func recorded(r *rand.Rand, n, percent int) *phone {
	key := Key{Phone: "phone-1", Scenario: "settings", Variant: "default"}
	p := &phone{id: key.Phone, kind: KindVirtual, run: &Policy{ControlHost: "control.test"}, plannedTrials: map[Key]int{key: n}, bySeq: map[int64]int{}}
	send := func(host string, class flow.Class, at, bytes int64) {
		seq := int64(len(p.flows) + 1)
		p.bySeq[seq] = len(p.flows)
		p.flows = append(p.flows, flow.Flow{Seq: seq, Kind: flow.KindTunnel, Start: at, Sent: at + 10, End: at + 20, Host: host, Port: 443, Class: class, BytesUp: bytes})
	}
	for i, place := range TrialOrder(r.Int64N(1<<48), n) {
		a := Attempt{ID: int64(i + 1), Key: key, Scope: ScopePhone, Trial: &place, Claims: []Claim{}}
		a.Tunnel, a.Postcondition.Seen, a.Counters.Readable = Tunnel{Before: true, After: true}, true, true
		a.Window = flow.Window{First: int64(len(p.flows) + 1), Start: int64(i+1) * 10_000_000, End: int64(i+1)*10_000_000 + 9_000_000}
		for d := range 10 {
			if r.IntN(100) < 5*d {
				send(string(rune('a'+d))+".example", flow.ClassUntrustedCA, a.Window.Start+r.Int64N(9_000_000), 200+r.Int64N(4000))
			}
		}
		if place.Kind == TrialAction && r.IntN(100) < percent {
			send(tracker.Host, flow.ClassUntrustedCA, a.Window.Start+2_000_000+r.Int64N(4_000_000), 1000+r.Int64N(400))
		}
		a.Window.Last = int64(len(p.flows))
		p.attempts = append(p.attempts, a)
	}
	for i := range p.flows {
		p.seen = append(p.seen, sighting{flow: &p.flows[i]})
	}
	return p
}

// callings judges so many recordings and counts those in which the judge calls a reaction to the host, or to any.
func callings(t *testing.T, seed uint64, runs, n, percent int, host string) (called int) {
	t.Helper()
	if raceDetector || testing.Short() {
		runs /= 10
	}
	r := rand.New(rand.NewPCG(seed, 0))
	for range runs {
		p := recorded(r, n, percent)
		trials, findings, _ := p.trials(p.attempts[0].Key)
		if trials.Actions != n || trials.Idles != n {
			t.Fatalf("not all windows were compared: %+v", trials)
		}
		for _, f := range findings {
			if host == "" || f.Host == host {
				called++
				break
			}
		}
	}
	t.Logf("%d of %d", called, runs)
	return called
}

// The promises of docs/verdicts.md, through the judge's own path from recorded windows to findings.
func TestTrialsAreSeldomWrong(t *testing.T) {
	for n, runs := range map[int]int{6: 300, 12: 1000, DefaultTrials: 1000} {
		wrong := callings(t, uint64(n), runs, n, 0, "")
		if raceDetector || testing.Short() {
			runs /= 10
		}
		if wrong > max(3, runs/100) { // of fewer runs, what chance gives
			t.Errorf("%d windows of each kind: a reaction was called in %d of %d recordings without one; at most 1 %% is promised", n, wrong, runs)
		}
	}
}

func TestDefaultTrialsShowWeakReactions(t *testing.T) {
	runs := 200
	found := callings(t, 1, runs, DefaultTrials, 30, tracker.Host)
	if raceDetector || testing.Short() {
		runs /= 10
	}
	if found < runs*9/10 {
		t.Errorf("a reaction in 30 %% of %d windows was found in %d of %d recordings; nine of ten are promised", DefaultTrials, found, runs)
	}
}

// What the judge says of its own power agrees with what happens.
func TestShowsIsTrue(t *testing.T) {
	for _, c := range []struct {
		n, tested, noise, idles int
		want                    bool
	}{
		{6, 1, 0, 6, false}, {35, 1, 0, 35, false}, {40, 1, 0, 40, true}, {DefaultTrials, 60, 0, 10, true}, {DefaultTrials, 200, 0, 10, false},
		{DefaultTrials, 1, 60, 60, false}, {MaxTrials, 1, 100, 500, true}, {100, 1, 20, 100, false}, {0, 1, 0, 0, false},
	} {
		if got := shows(c.n, c.tested, c.noise, c.idles, DefaultAlphaPPM); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if found := callings(t, 7, 100, 20, 30, tracker.Host); found > 50 {
		t.Errorf("20 windows, which are said to be too few, found it in %d of 100 recordings", found)
	}
}

func TestTrialOrder(t *testing.T) {
	key := Key{Phone: "p", Scenario: "s"}
	seed := TrialSeed("run", key)
	if seed < 0 || seed >= 1<<48 || seed == TrialSeed("other run", key) || seed == TrialSeed("run", Key{Phone: "p", Scenario: "t"}) {
		t.Errorf("seed %d", seed)
	}
	got := ""
	for _, p := range TrialOrder(4711, 8) {
		got += map[string]string{TrialAction: "A", TrialIdle: "i"}[p.Kind] + map[int]string{1: "", 2: "'"}[p.Block]
	}
	if want := "AAAiiAiii'A'A'i'i'A'A'i'"; got != want { // recorded orders must be drawn again by every later build
		t.Errorf("drew %s, want %s", got, want)
	}
	first := 0
	for seed := range int64(2000) {
		order := TrialOrder(seed, 13)
		for _, block := range []int{1, 2, 3} {
			actions, all := 0, 0
			for _, p := range order {
				if p.Block == block {
					all++
					actions += btoi(p.Kind == TrialAction)
				}
			}
			if all != 2*actions || actions < 4 || actions > 5 {
				t.Fatalf("seed %d: block %d has %d of %d windows with the action", seed, block, actions, all)
			}
		}
		first += btoi(order[0].Kind == TrialAction)
	}
	if first < 900 || first > 1100 {
		t.Errorf("%d of 2000 orders begin with the action", first)
	}
	if TrialOrder(1, 0) != nil || len(TrialOrder(1, 1<<40)) != 2*MaxTrials {
		t.Error("the number of windows is not bounded")
	}
}

func TestTrialPlaces(t *testing.T) {
	for _, c := range []struct{ repeat, trials, want int }{{3, 0, 3}, {2, 6, 13}, {3, 2, 5}, {5, 2, 7}, {1, 1, 3}} {
		if got := TrialPlaces(c.repeat, c.trials); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	order := TrialOrder(1, 2)
	for n, want := range map[int]*Place{1: nil, 2: &order[0], 5: &order[3], 6: nil, 0: nil} {
		if got := PlaceOf(order, 3, n); got != want {
			t.Errorf("attempt %d has place %v", n, got)
		}
	}
}
