package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// Change says what became of one claim of one cell between two runs.
type Change string

// The changes.
const (
	Regressed    Change = "regressed"
	LeaksNow     Change = "leaks now; before unknown" // as bad as regressed, but whether anything changed nobody knows
	Fixed        Change = "fixed"
	StillLeaking Change = "still leaking"
	StillClean   Change = "still clean"
	New          Change = "new"
	Gone         Change = "gone"
	NoClaim      Change = "no claim" // inconclusive on a side: nothing can be said of the difference
)

// ClaimChange is one row of a comparison.
type ClaimChange struct {
	Cell   leak.Key     `json:"cell"`
	Claim  leak.Claim   `json:"claim"`
	Change Change       `json:"change"`
	Old    leak.Outcome `json:"old,omitempty"`
	New    leak.Outcome `json:"new,omitempty"`
}

// Comparison is what changed between two runs. Doubts name, of a run whose sums do not hold, the first file that shows it.
type Comparison struct {
	Schema int           `json:"schema"`
	Kind   string        `json:"kind"`
	Old    string        `json:"old"`   // name of the run
	New    string        `json:"new"`   //
	Rules  int           `json:"rules"` // that both were judged by, now
	Doubts []string      `json:"unverified"`
	Claims []ClaimChange `json:"claims"` // sorted by cell and claim
	Phones []PhoneChange `json:"phones"` // sorted by id
}

// Compare compares two bundles. Both are judged again from their files with the same rules, so that a difference is the
// phone's and not the rules'. It refuses to compare virtual with real phones.
func Compare(before, after string) (Comparison, error) {
	out := Comparison{Schema: Schema, Rules: leak.RulesVersion, Doubts: []string{}, Claims: []ClaimChange{}, Phones: []PhoneChange{}}
	var vs [2]leak.Verdicts
	var bs [2]*Bundle
	for i, dir := range [2]string{before, after} {
		b, err := Open(dir)
		if err != nil {
			return out, err
		}
		defer b.Release()
		bs[i] = b
		if b.redacted() {
			return out, fmt.Errorf("comparing: the bundle %s: %w", dir, errRedacted)
		}
		if vs[i], _, err = b.judge(); err != nil {
			return out, fmt.Errorf("comparing: judging the bundle %s: %w", b.name, err)
		}
		changed, err := b.changed()
		if err != nil {
			return out, fmt.Errorf("comparing: checking the bundle %s: %w", b.name, err)
		}
		if changed != "" {
			out.Doubts = append(out.Doubts, safe.Text(b.name)+": "+changed)
		}
	}
	if vs[0].Kind != vs[1].Kind || vs[0].Kind == leak.KindMixed {
		return out, fmt.Errorf("comparing: one run is on %s phones and the other on %s: virtual and real phones do not compare", vs[0].Kind, vs[1].Kind)
	}
	out.Kind, out.Old, out.New = vs[0].Kind, safe.Text(bs[0].name), safe.Text(bs[1].name)
	out.Claims = compareClaims(vs[0], vs[1])
	ids := slices.Compact(slices.Sorted(slices.Values(append(bs[0].phonesOf(vs[0]), bs[1].phonesOf(vs[1])...))))
	for _, id := range ids {
		p, err := comparePhone(bs, vs, id)
		if err != nil {
			return out, fmt.Errorf("comparing %s: %w", id, err)
		}
		out.Phones = append(out.Phones, p)
	}
	return out, nil
}

func compareClaims(before, after leak.Verdicts) []ClaimChange {
	type place struct {
		key   leak.Key
		claim leak.Claim
	}
	found := map[place]*ClaimChange{}
	at := func(k leak.Key, c leak.Claim) *ClaimChange {
		p := place{k, c}
		if found[p] == nil {
			found[p] = &ClaimChange{Cell: k, Claim: c}
		}
		return found[p]
	}
	for _, c := range before.Cells {
		for claim, v := range c.Claims {
			at(c.Key, claim).Old = v.Outcome
		}
	}
	for _, c := range after.Cells {
		for claim, v := range c.Claims {
			at(c.Key, claim).New = v.Outcome
		}
	}
	out := make([]ClaimChange, 0, len(found))
	for _, c := range found {
		c.Change = changeOf(c.Old, c.New)
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b ClaimChange) int {
		if c := strings.Compare(a.Cell.String(), b.Cell.String()); c != 0 {
			return c
		}
		return strings.Compare(string(a.Claim), string(b.Claim))
	})
	return out
}

func changeOf(before, after leak.Outcome) Change {
	switch {
	case before == "":
		return New
	case after == "":
		return Gone
	case before == leak.Inconclusive && after == leak.Leaked:
		return LeaksNow // to hold it back as "no claim" would hide a leak
	case before == leak.Inconclusive || after == leak.Inconclusive:
		return NoClaim
	case before == leak.Leaked && after == leak.Leaked:
		return StillLeaking
	case before == leak.Leaked:
		return Fixed
	case after == leak.Leaked:
		return Regressed
	}
	return StillClean
}

// ExitCode is what `telltale diff` ends with: 3 if something regressed, or leaks that was new or unknown before, 4 if no claim was possible for
// some cell, else 0.
func (c Comparison) ExitCode() int {
	code := leak.ExitClean
	for _, x := range c.Claims {
		switch {
		case x.Change == Regressed, x.Change == LeaksNow, x.Change == New && x.New == leak.Leaked:
			return leak.ExitLeaked
		case x.Change == NoClaim, x.Change == Gone, x.Change == New && x.New == leak.Inconclusive:
			code = leak.ExitInconclusive
		}
	}
	return code
}

// Text is the comparison for a terminal.
func (c Comparison) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s, both judged by rules %d\n", c.Old, c.New, c.Rules)
	for _, d := range c.Doubts {
		fmt.Fprintf(&b, "unverified: %s\n", d)
	}
	b.WriteByte('\n')
	width, change := 0, len(StillLeaking)
	for _, x := range c.Claims {
		width, change = max(width, len(x.Cell.String())), max(change, len(x.Change))
	}
	for _, x := range c.Claims {
		fmt.Fprintf(&b, "%-*s  %-*s  %-8s  %s -> %s\n", change, x.Change, width, safe.Text(x.Cell.String()), x.Claim, dash(string(x.Old)), dash(string(x.New)))
	}
	for _, p := range c.Phones {
		p.text(&b)
	}
	fmt.Fprintf(&b, "\n%s\n", c.tally())
	if text := banner(c.Kind); text != "" {
		fmt.Fprintf(&b, "%s\n", text)
	}
	return b.String()
}

// tally counts the changes, the worst first.
func (c Comparison) tally() string {
	n := map[Change]int{}
	for _, x := range c.Claims {
		n[x.Change]++
	}
	var parts []string
	for _, x := range []Change{Regressed, LeaksNow, StillLeaking, NoClaim, New, Gone, Fixed, StillClean} {
		if n[x] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[x], x))
		}
	}
	return strings.Join(parts, ", ")
}
