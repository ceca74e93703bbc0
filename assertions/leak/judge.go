package leak

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// RulesVersion is raised whenever the same files may come to another verdict, or to the same in other bytes.
const RulesVersion = 8

// Judge states the verdicts of a whole run from the files of its bundle. It opens only what docs/evidence.md marks (J).
// An error means that the files are not what they must be; a missing or unreadable part of the evidence is no error but
// a reason. Files are opened from several goroutines at once.
func Judge(bundle fs.FS) (Verdicts, error) {
	v := Verdicts{Schema: Schema, Rules: RulesVersion, Outcome: Clean, Complete: true, Cells: []CellVerdict{}, Identity: []Identity{}}
	plan, policy, err := readRun(bundle)
	if err != nil {
		return v, err
	}
	var stories []story
	for _, pp := range sortedPhones(policy.Phones) {
		p, err := readPhone(bundle, &policy, pp)
		if err != nil {
			return v, err
		}
		p.final, p.plannedTrials = true, plannedTrials(plan)
		if err := p.examine(); err != nil {
			return v, err
		}
		cells, complete := p.judge(plannedKeys(plan, pp.ID))
		if len(cells) == 0 && len(p.lines) == 0 && len(p.attempts) == 0 && len(p.flows) == 0 {
			continue // a phone of devices.yaml that the plan has nothing for
		}
		v.Kind = joinKinds(v.Kind, pp.Kind)
		v.Complete = v.Complete && complete
		v.Cells = append(v.Cells, cells...)
		v.Identity = append(v.Identity, p.identities()...)
		stories = append(stories, p.story())
	}
	v.Identity = identify(stories, v.Cells, v.Identity)
	for i := range v.Cells {
		v.Outcome = worst(v.Outcome, v.Cells[i].Outcome)
	}
	if len(v.Cells) == 0 {
		v.Outcome = Inconclusive // nothing was looked at
		v.Complete = false
	}
	slices.SortFunc(v.Cells, func(a, b CellVerdict) int { return compareKeys(a.Key, b.Key) })
	return v, nil
}

// judge gives the verdicts of a phone's planned cells, and of any other whose canary leaked.
func (p *phone) judge(planned []Key) (cells []CellVerdict, complete bool) {
	complete = p.whole && p.bodies != nil && !p.bodies.Incomplete() && len(p.lines) > 0 && p.lines[len(p.lines)-1].At == AtEnd
	for _, key := range planned {
		c := p.cell(key)
		complete = complete && c.Attempts > 0
		cells = append(cells, c)
	}
	for _, key := range p.otherKeys(planned) {
		if c := p.cell(key); c.Outcome == Leaked {
			cells = append(cells, c)
		}
	}
	if len(planned) == 0 && len(p.lines) == 0 {
		complete = true
	}
	return cells, complete
}

// otherKeys lists the keys that attempts and canaries name beside those given, sorted.
func (p *phone) otherKeys(planned []Key) []Key {
	var out []Key
	add := func(k Key) {
		if k.Phone == p.id && k.Scenario != "" && !slices.Contains(planned, k) && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	for i := range p.attempts {
		add(p.attempts[i].Key)
	}
	for i := range p.secrets {
		if p.secrets[i].Role != SecretIdentifier {
			add(p.secrets[i].Key)
		}
	}
	slices.SortFunc(out, compareKeys)
	return out
}

// JudgePhone states what one phone's files say so far: provisional verdicts of the cells that have an attempt. It does
// not wait for the end of the run.
func JudgePhone(bundle fs.FS, id string) (PhoneVerdicts, error) {
	out := PhoneVerdicts{Phone: id}
	plan, policy, err := readRun(bundle)
	if err != nil {
		return out, err
	}
	at := slices.IndexFunc(policy.Phones, func(p PhonePolicy) bool { return p.ID == id })
	if at < 0 {
		return out, fmt.Errorf("judging %s: %s does not name this phone", id, policyName)
	}
	p, err := readPhone(bundle, &policy, policy.Phones[at])
	if err != nil {
		return out, err
	}
	p.plannedTrials = plannedTrials(plan)
	if err := p.examine(); err != nil {
		return out, err
	}
	for _, key := range p.otherKeys(nil) {
		if !slices.ContainsFunc(p.attempts, func(a Attempt) bool { return a.Key == key }) {
			continue
		}
		c := p.cell(key)
		if (key.Scenario == ControlScenario || key.Scenario == DrainScenario) && c.Outcome != Leaked {
			continue
		}
		out.Cells = append(out.Cells, c)
		out.Contacts = append(out.Contacts, p.contacts(key))
	}
	identify([]story{p.story()}, out.Cells, p.identities())
	return out, nil
}

func plannedTrials(plan Plan) map[Key]int {
	out := map[Key]int{}
	for _, c := range plan.Cells {
		if c.Trials > 0 {
			out[c.Key] = c.Trials
		}
	}
	return out
}

func plannedKeys(plan Plan, phone string) (keys []Key) {
	for _, c := range plan.Cells {
		if c.Phone == phone {
			keys = append(keys, c.Key)
		}
	}
	slices.SortFunc(keys, compareKeys)
	return keys
}

func sortedPhones(in []PhonePolicy) []PhonePolicy {
	out := slices.Clone(in)
	slices.SortFunc(out, func(a, b PhonePolicy) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// compareKeys orders cells: by phone, browser, scenario, variant.
func compareKeys(a, b Key) int {
	for _, c := range [...]int{
		strings.Compare(a.Phone, b.Phone), strings.Compare(a.Browser, b.Browser),
		strings.Compare(a.Scenario, b.Scenario), strings.Compare(a.Variant, b.Variant),
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

func joinKinds(a, b string) string {
	if a == "" || a == b {
		return b
	}
	return KindMixed
}
