package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// view is what the report shows, made of verdicts and the facts beside them. All text in it is safe to show; html/template
// escapes it on top.
type view struct {
	Policy     string // of the content, for the browser
	Title      string
	Run        Run
	Rules      int
	Banner     string
	Redacted   bool
	Complete   bool
	Outcome    string
	Tally      string
	Claims     []string
	Phones     []phoneView
	Cells      []cellView
	Leaks      []leakView
	Unseen     []unseenView
	Taken      []takenUnread
	Void       string // how many attempts a fault ended, and which phones', if any
	IDs        []identityView
	Kind       string
	Compared   []SideBySide
	Conditions []Condition
	Consent    []Consent
	LeftOut    string      // what was not planned
	Asked      []askedView // what destinations answered to this computer
	Signed     []linkView  // files that may hold a signature over this bundle
	Files      []linkView  // of the whole run
}

type word struct{ Class, Text string }

type factView struct{ Name, Value, Href string }

type linkView struct{ Href, Name string }

// told is one phone's part of the bundle, read once for the whole report.
type told struct {
	lines    []leak.Phone
	attempts []leak.Attempt
	sought   []leak.Sought
	capture  capture
	identity []leak.Finding       // of all its apps
	browsers []leak.Browser       // of the policy, in its order
	baseline []string             // browsers that are there to compare with
	artefact map[int64][]linkView // of an attempt
}

// label is what a canary stands for. Every attempt has a canary of its own, and those of a cell share a label.
func (t *told) label(id string) string {
	for i := range t.sought {
		if t.sought[i].ID == id && t.sought[i].Label != "" {
			return safe.Line(t.sought[i].Label, 60)
		}
	}
	return safe.Line(id, 100)
}

// identifiers lists the known identifiers of the phone by their names.
func (t *told) identifiers() (names []string) {
	for i := range t.sought {
		if t.sought[i].Role == leak.SecretIdentifier && !slices.Contains(names, t.sought[i].ID) {
			names = append(names, safe.Line(t.sought[i].ID, 60))
		}
	}
	return names
}

// view gathers what a report shows.
func (b *Bundle) view(v leak.Verdicts) (view, error) {
	return b.viewWith(v, b.viewAnswers(), b.links("", signatures...))
}

// viewWith is the same with what was added after the bundle was closed, as far as it is to be shown.
func (b *Bundle) viewWith(v leak.Verdicts, asked []askedView, signed []linkView) (view, error) {
	out := view{
		Title: "Telltale run " + safe.Line(b.name, 100), Rules: v.Rules, Kind: v.Kind, Banner: banner(v.Kind), Redacted: b.redacted(),
		Complete: v.Complete, Outcome: string(v.Outcome), Tally: tally(v),
		Asked: asked, Signed: signed, Files: b.links("", verdictsName, planName, policyName, runName, originalName),
	}
	for _, name := range []string{junitName, ctrfName, sumsName} { // written after this page
		out.Files = append(out.Files, linkView{name, name})
	}
	run, err := b.run()
	if err != nil {
		return out, err
	}
	out.Run, out.LeftOut = run, LeftOutLine(run.LeftOut)
	out.Title = "Telltale run " + safe.Line(run.ID, 100) // whatever its folder is called by now
	claims := claimsOf(v)
	for _, c := range claims {
		out.Claims = append(out.Claims, string(c))
	}
	phones := map[string]*told{}
	for _, id := range b.phonesOf(v) {
		t, err := b.told(id)
		if err != nil {
			return out, err
		}
		for i := range v.Identity {
			if v.Identity[i].Phone == id {
				t.identity = append(t.identity, v.Identity[i].Findings...)
			}
		}
		phones[id] = t
		out.Phones = append(out.Phones, b.viewPhone(id, t))
		out.Conditions, out.Consent = append(out.Conditions, t.conditions()...), append(out.Consent, t.consents()...)
	}
	for i, c := range v.Cells {
		t := phones[c.Phone]
		if t == nil { // the name of a phone that has no folder
			t = &told{}
		}
		out.Cells = append(out.Cells, b.viewCell(i, c, claims, t))
	}
	for i := range out.Cells {
		for _, claim := range out.Cells[i].Claims {
			for j := range claim.Groups {
				claim.Groups[j].Answered = answersOf(out.Asked, claim.Groups[j].Host)
			}
		}
	}
	out.Void = voidAttempts(v, phones)
	out.Leaks, out.Taken = viewLeaks(out.Cells), takenUnreadOf(out.Cells)
	out.Compared = b.comparisons(v, phones)
	kinds := map[string]string{}
	for _, c := range v.Cells {
		kinds[c.Phone] = c.Kind
	}
	for _, u := range unseenOf(v) {
		x := unseenView{Reason: viewReason(u.Reason), Cells: u.Cells, Virtual: kinds[u.Phone] == leak.KindVirtual}
		if u.Reason.Accept != "" {
			x.Accept = safe.Line(u.Reason.Accept, tableText)
		}
		out.Unseen = append(out.Unseen, x)
	}
	for _, id := range v.Identity {
		var known []string
		if t := phones[id.Phone]; t != nil {
			known = t.identifiers()
		}
		x := viewIdentity(id, kinds[id.Phone], known)
		out.IDs = append(out.IDs, x)
		out.Unseen = append(out.Unseen, unseenIdentity(id, x)...)
	}
	return out, nil
}

// told reads one phone's part. A recording that cannot be read leaves its requests empty: the verdicts stand without.
func (b *Bundle) told(id string) (*told, error) {
	t := &told{capture: b.captureOf(id), artefact: b.artefactsOf(id)}
	policy, err := leak.ReadPolicy(b.FS())
	if err != nil {
		return nil, err
	}
	for _, p := range policy.Phones {
		for _, browser := range p.Browsers {
			if p.ID == id {
				t.browsers = append(t.browsers, browser)
			}
			if p.ID == id && browser.Baseline {
				t.baseline = append(t.baseline, browser.ID)
			}
		}
	}
	if t.lines, err = leak.ReadPhoneLines(b.FS(), id); err != nil {
		return nil, err
	}
	if t.attempts, err = leak.ReadAttempts(b.FS(), id); err != nil {
		return nil, err
	}
	if t.sought, err = leak.ReadSought(b.FS(), id); err != nil {
		return nil, err
	}
	return t, nil
}

// run reads run.json. A bundle is worth a report without it.
func (b *Bundle) run() (Run, error) {
	raw, err := b.read(runName)
	if err != nil {
		return Run{ID: b.name}, nil
	}
	run, err := parseRun(raw)
	if err != nil {
		return Run{ID: b.name}, fmt.Errorf("reading %s: %w", runName, err)
	}
	if run.ID == "" {
		run.ID = b.name
	}
	return run, nil
}

func parseRun(raw []byte) (run Run, err error) {
	var s struct{ Schema int }
	if err := json.Unmarshal(raw, &s); err == nil && s.Schema != Schema { // a newer one may well have fields that we do not know
		return run, fmt.Errorf("schema %d is unknown; this telltale reads schema %d", s.Schema, Schema)
	}
	if err := strictly(raw, &run); err != nil {
		return Run{}, err
	}
	if run.ID != "" && !plainName(run.ID) { // it is a heading of summary.md
		return Run{}, errors.New("its id is not a folder name")
	}
	for _, s := range []*string{&run.ID, &run.Telltale, &run.Commit, &run.Devices, &run.GoSum, &run.Scenarios, &run.Seed, &run.Filter, &run.HostUTC, &run.Host, &run.Plan} {
		*s = safe.Line(*s, 200)
	}
	return run, nil
}

// phonesOf lists the phones that have a verdict, sorted.
func (b *Bundle) phonesOf(v leak.Verdicts) (ids []string) {
	for _, c := range v.Cells {
		if plainName(c.Phone) {
			ids = append(ids, c.Phone)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// links lists those of some files of a folder that are there.
func (b *Bundle) links(dir string, files ...string) (out []linkView) {
	for _, file := range files {
		if name := b.link(dir + file); name != "" {
			out = append(out, linkView{name, file})
		}
	}
	return out
}

// link is the path of a file of the bundle if it is there, else empty.
func (b *Bundle) link(name string) string {
	if info, err := b.root.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return name
}

func viewWord(x leak.ClaimVerdict) word {
	class := string(x.Outcome)
	if x.Outcome == leak.Clean && len(x.Accepted) > 0 {
		class = "except"
	}
	return word{class, outcomeWord(x)}
}

type reasonView struct {
	Code, Class, Where, Detail string
	Bytes                      string
}

func viewReason(r leak.Reason) reasonView {
	v := reasonView{Code: string(r.Code), Class: safe.Text(r.Class), Detail: safe.Line(r.Detail, 600)}
	if r.Host != "" {
		v.Where = place(r.Host, r.Port)
	}
	if r.App != "" || r.Host != "" && r.Flow > 0 {
		v.Where = strings.TrimSpace(v.Where + " by " + appWord(r.App))
	}
	if r.Bytes > 0 {
		v.Bytes = plural(r.Bytes, "byte")
	}
	return v
}
