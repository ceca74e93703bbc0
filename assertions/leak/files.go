package leak

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/telltale-farm/telltale/capture/record"
)

// Names of the judge's inputs in a bundle; the recording itself is read by package record.
const (
	planName     = "plan.json"
	policyName   = "policy.json"
	phonesName   = "phones"
	phoneName    = "phone.jsonl"
	secretsName  = "secrets.jsonl"
	attemptsName = "attempts.jsonl"
)

// readRun reads what a run was going to do, and checks that its parts agree.
func readRun(bundle fs.FS) (Plan, Policy, error) {
	plan, err := readFile[Plan](bundle, planName)
	if err != nil {
		return plan, Policy{}, err
	}
	policy, err := readFile[Policy](bundle, policyName)
	if err != nil {
		return plan, policy, err
	}
	kinds := map[string]string{}
	for _, p := range policy.Phones {
		if !validID(p.ID) {
			return plan, policy, fmt.Errorf("reading %s: phone id %q is not a folder name", policyName, p.ID)
		}
		if p.Kind != KindUSB && p.Kind != KindVirtual {
			return plan, policy, fmt.Errorf("reading %s: phone %s is of kind %q; want %s or %s", policyName, p.ID, p.Kind, KindUSB, KindVirtual)
		}
		if _, twice := kinds[p.ID]; twice {
			return plan, policy, fmt.Errorf("reading %s: phone %s occurs twice", policyName, p.ID)
		}
		if p.Repeat < 1 {
			return plan, policy, fmt.Errorf("reading %s: phone %s wants %d attempts of a cell; nothing is clean without one", policyName, p.ID, p.Repeat)
		}
		kinds[p.ID] = p.Kind
	}
	keys := map[Key]bool{}
	for _, c := range plan.Cells {
		if keys[c.Key] {
			return plan, policy, fmt.Errorf("reading %s: cell %s occurs twice", planName, c.Key)
		}
		keys[c.Key] = true
		kind, known := kinds[c.Phone]
		if !known {
			return plan, policy, fmt.Errorf("reading %s: phone %q of cell %s is not in %s", planName, c.Phone, c.Key, policyName)
		}
		if kind != c.Kind {
			return plan, policy, fmt.Errorf("reading %s: cell %s is on a phone of kind %q, which is %q in %s", planName, c.Key, c.Kind, kind, policyName)
		}
	}
	return plan, policy, nil
}

// validID says whether an id may name a folder.
func validID(id string) bool {
	return id != "" && id != "." && id != ".." && !strings.ContainsAny(id, "/\\\x00") && fs.ValidPath(id)
}

// String writes a key as a path: phone/browser/scenario/variant, with "-" for no browser.
func (k Key) String() string {
	browser := k.Browser
	if browser == "" {
		browser = "-"
	}
	return path.Join(k.Phone, browser, k.Scenario, k.Variant)
}

// readPhone reads one phone's files. What is not there is empty; what is there must be sound.
func readPhone(bundle fs.FS, policy *Policy, pp PhonePolicy) (*phone, error) {
	p := &phone{id: pp.ID, kind: pp.Kind, policy: pp, run: policy, whole: true}
	dir := path.Join(phonesName, pp.ID)
	if err := p.readStory(bundle, dir); err != nil {
		return nil, err
	}
	sub, err := fs.Sub(bundle, dir)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir, err)
	}
	if err := p.readCapture(sub); err != nil {
		return nil, fmt.Errorf("reading the recording of %s: %w", pp.ID, err)
	}
	return p, nil
}

func (p *phone) readStory(bundle fs.FS, dir string) error {
	var whole [3]bool
	var err error
	if p.lines, whole[0], err = readLines[Phone](bundle, path.Join(dir, phoneName)); err != nil {
		return err
	}
	if p.secrets, whole[1], err = readLines[Secret](bundle, path.Join(dir, secretsName)); err != nil {
		return err
	}
	if p.attempts, whole[2], err = readLines[Attempt](bundle, path.Join(dir, attemptsName)); err != nil {
		return err
	}
	p.whole = whole[0] && whole[1] && whole[2]
	for i := range p.lines {
		if l := &p.lines[i]; l.ID != p.id || l.Kind != p.kind {
			return fmt.Errorf("reading %s/%s: it speaks of %q of kind %q, which is %q of kind %q in %s",
				dir, phoneName, l.ID, l.Kind, p.id, p.kind, policyName)
		}
	}
	seen := map[int64]bool{}
	for i := range p.attempts {
		a := &p.attempts[i]
		if a.ID <= 0 || seen[a.ID] {
			return fmt.Errorf("reading %s/%s: attempt id %d is not unique and positive", dir, attemptsName, a.ID)
		}
		seen[a.ID] = true
		if a.Key.Phone != p.id {
			return fmt.Errorf("reading %s/%s: attempt %d is of phone %q", dir, attemptsName, a.ID, a.Key.Phone)
		}
	}
	ids := map[string]bool{}
	for i := range p.secrets {
		s := &p.secrets[i]
		if s.Role == SecretIdentifier {
			continue // an identifier may be read again after it changed
		}
		if ids[s.ID] {
			return fmt.Errorf("reading %s/%s: canary %q occurs twice", dir, secretsName, s.ID)
		}
		ids[s.ID] = true
	}
	return nil
}

// readCapture reads the recording. A phone without one was never captured: that is a gap, not an error.
func (p *phone) readCapture(dir fs.FS) error {
	r, err := record.Open(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.EOF) {
		p.gap = "there is no recording"
		p.whole = false
		return nil
	}
	if err != nil {
		return err
	}
	p.bodies = r
	if p.flows, err = r.Flows(); err != nil {
		return err
	}
	return nil
}
