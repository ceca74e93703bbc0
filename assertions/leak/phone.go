package leak

import (
	"cmp"
	"io"
	"slices"

	"github.com/telltale-farm/telltale/capture/flow"
)

// phone is all that the files say of one phone, and what a search of what it sent found.
type phone struct {
	id     string
	kind   string
	run    *Policy
	policy PhonePolicy
	final  bool // the run is over: what is missing now stays missing

	lines    []Phone
	secrets  []Secret
	attempts []Attempt
	flows    []flow.Flow
	bodies   interface {
		Body(*flow.Body) (io.ReadCloser, error)
		Closed() bool
		Incomplete() bool
		Resumes() []int64
	}
	whole bool   // no file ends in an unfinished line
	gap   string // why the recording as a whole cannot be relied on; empty if it can

	pieces   *pieces
	placed   *placing
	tokens   map[token]sentToken
	seen     []sighting // of each flow, in the order of flows
	bySeq    map[int64]int
	parents  map[int64]bool // flows that others rode in
	missing  []int64        // numbers that flows.jsonl lacks, at most maxMissing
	mask     masker
	deaf     map[string]string // secret id or marker text that cannot be searched for -> why
	changed  []Reason          // device-changed
	controls map[string][]int  // browser id -> flows that carry a control canary minted for it

	answers  answers
	overlaps map[int64]int64 // attempt -> another whose window lies over its own
	cutOff   []int64         // attempts behind which the recording stopped

	unprovenAt map[int64]string // flow -> address that it went to in a name which nobody proved

	plannedTrials map[Key]int // windows of each kind that the plan wants of a cell
}

// maxMissing bounds the list of missing flow numbers; one is enough to make a gap.
const maxMissing = 100

// examine computes what is true of the phone whatever the cell.
func (p *phone) examine() error {
	p.bySeq, p.parents = make(map[int64]int, len(p.flows)), map[int64]bool{}
	next := int64(1)
	for i := range p.flows {
		seq := p.flows[i].Seq
		p.bySeq[seq] = i
		p.parents[p.flows[i].Parent] = true
		p.lack(next, seq)
		next = seq + 1
	}
	for i := range p.attempts {
		p.lack(next, p.attempts[i].Window.Last+1)
		next = max(next, p.attempts[i].Window.Last+1)
	}
	if p.bodies != nil && p.final && !p.bodies.Closed() {
		p.gap = "the recording was not closed"
		p.whole = false
	}
	p.findUnproved()
	p.overlaps = overlapping(p.attempts)
	if p.bodies != nil {
		p.cutOff = CutOff(p.attempts, p.bodies.Resumes())
	}
	p.mask = newMasker(p.secrets)
	p.changed = p.deviceChanged()
	if err := p.search(); err != nil {
		return err
	}
	p.findControls()
	p.findAnswers()
	return nil
}

// overlapping finds the attempts whose windows lie over each other: one phone does one thing at a time.
func overlapping(attempts []Attempt) map[int64]int64 {
	out := map[int64]int64{}
	sorted := make([]*Attempt, 0, len(attempts))
	for i := range attempts {
		if w := attempts[i].Window; w.End > w.Start {
			sorted = append(sorted, &attempts[i])
		}
	}
	slices.SortStableFunc(sorted, func(a, b *Attempt) int { return cmp.Compare(a.Window.Start, b.Window.Start) })
	var last *Attempt // that ended last so far
	for _, a := range sorted {
		if last != nil && a.Window.Start < last.Window.End {
			out[a.ID], out[last.ID] = last.ID, a.ID
		}
		if last == nil || a.Window.End > last.Window.End {
			last = a
		}
	}
	return out
}

// lack notes that the numbers from up to and without to are not there.
func (p *phone) lack(from, to int64) {
	for ; from < to && len(p.missing) < maxMissing; from++ {
		p.missing = append(p.missing, from)
	}
}

// app is the package that a flow belongs to, taken from what it rode in if it does not say itself; empty is unknown. If
// the uid is known and packages share it, those are given instead.
func (p *phone) app(f *flow.Flow) (app string, shared []string) {
	for range 4 { // message in exchange in tunnel
		if f.App != "" && (f.AppBy == flow.ByElimination || f.AppBy == flow.ByRelay) {
			return f.App, nil
		}
		if f.AppBy != "" && len(f.Candidates) > 0 {
			return "", f.Candidates
		}
		i, ok := p.bySeq[f.Parent]
		if f.Parent == 0 || !ok {
			return "", nil
		}
		f = &p.flows[i]
	}
	return "", nil
}

// owners are the packages that a flow may be of as far as its uid is known; the empty one is unknown.
func (s *sighting) owners() []string {
	if len(s.shared) > 0 {
		return s.shared
	}
	return []string{s.app}
}

// who is the package that stands for a flow; empty is unknown.
func (s *sighting) who() string {
	return slices.Min(s.owners())
}

// concerns says whether a flow can keep an attempt from being clean.
func (p *phone) concerns(a *Attempt, at *sighting) bool {
	return p.anyInScope(a, at.owners())
}

// inScope says whether what an app sent can keep an attempt from being clean. Empty is an unknown app, which always can.
func (p *phone) inScope(a *Attempt, app string) bool {
	return a.Scope != ScopeApp || app == "" || app == a.App || slices.Contains(p.policy.Services, app)
}

// anyInScope is inScope of a uid that several packages may share; no known package is an unknown app.
func (p *phone) anyInScope(a *Attempt, apps []string) bool {
	return len(apps) == 0 || slices.ContainsFunc(apps, func(app string) bool { return p.inScope(a, app) })
}

// findControls notes which control canaries arrived, decrypted, at our own proxy.
func (p *phone) findControls() {
	p.controls = map[string][]int{}
	for i := range p.seen {
		f := p.seen[i].flow
		if !p.ours(f) || f.Kind != flow.KindExchange || f.Response == nil || !f.Intercepted || f.Class != flow.ClassReadable {
			continue
		}
		for _, h := range p.seen[i].hits {
			s := h.secret
			if s != nil && s.Role == SecretControl && (h.Class == ClassExact || h.Class == ClassNormalised) {
				p.controls[s.Key.Browser] = append(p.controls[s.Key.Browser], i)
			}
		}
	}
}
