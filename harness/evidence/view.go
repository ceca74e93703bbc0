package evidence

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// view is what the report shows, made of verdicts and the facts beside them. All text in it is safe to show; html/template
// escapes it on top.
type view struct {
	Style   string
	Policy  string // of the content, for the browser
	Title   string
	Run     Run
	Banner  string
	Outcome string
	Tally   string
	Claims  []string
	Phones  []phoneView
	Cells   []cellView
	Leaks   []leakView
	Unseen  []unseenView
	IDs     []identityView
}

type phoneView struct {
	ID, Kind, Model, Android, Firmware, Patch, Fingerprint, Personality string
	Files                                                               []linkView
	Changed                                                             bool // start and end differ
	Ended                                                               bool
}

type cellView struct {
	Anchor, Phone, Kind, Browser, Scenario, Variant, Outcome, Title string
	Words                                                           []word // one a claim of the run
	Claims                                                          []claimView
	Coverage                                                        []factView
	Attempts                                                        []attemptView
	Open                                                            bool
}

type word struct{ Class, Text string }

type claimView struct {
	Name     string
	Outcome  word
	Findings []findingView
	More     int
	Reasons  []reasonView
	Accepted []leak.Accepted
	Paste    []string
}

type findingView struct {
	Host, App, Label, Class, Preview, Identity string
	Proof                                      string      // what an identifier outlived
	SHA256                                     string      // of the value that matched
	Request                                    requestView // of the first flow it was found in

	Chain           []string
	When            string // flows and attempts
	Late            bool
	flows, attempts []int64
	times           int
}

type reasonView struct {
	Code, Class, Where, Detail string
	Bytes                      string
}

type factView struct{ Name, Value string }

type attemptView struct {
	ID        int64
	Scope     string
	What      string
	Seen      bool
	Settle    string
	Fault     string
	Artefacts []linkView
}

type linkView struct{ Href, Name string }

// leakView is one destination that got something of one phone, over all cells.
type leakView struct {
	Phone, What, Host, App, Times string
	Cells                         []linkView
	times                         int
}

type unseenView struct {
	Reason reasonView
	Cells  []string
	Accept string
}

type identityView struct {
	Phone, App string
	Outcome    word
	IDs        []string
	Hosts      []string
}

// reportFindings bounds the findings that the report shows of a claim; verdicts.json has all.
const reportFindings = 50

// view gathers what a report shows.
func (b *Bundle) view(v leak.Verdicts) (view, error) {
	out := view{Title: "Telltale " + b.name, Banner: banner(v.Kind), Outcome: string(v.Outcome), Tally: tally(v)}
	run, err := b.run()
	if err != nil {
		return out, err
	}
	out.Run = run
	claims := claimsOf(v)
	for _, c := range claims {
		out.Claims = append(out.Claims, string(c))
	}
	labels := map[string]map[string]string{}
	attempts := map[string][]leak.Attempt{}
	for _, id := range b.phonesOf(v) {
		lines, err := leak.ReadPhoneLines(b.FS(), id)
		if err != nil {
			return out, err
		}
		p := viewPhone(id, lines)
		p.Files = b.links(phonesName+"/"+id+"/", flowsName, harName, attemptsName, journalName)
		out.Phones = append(out.Phones, p)
		if attempts[id], err = leak.ReadAttempts(b.FS(), id); err != nil {
			return out, err
		}
		if labels[id], err = leak.ReadLabels(b.FS(), id); err != nil {
			return out, err
		}
	}
	for i, c := range v.Cells {
		out.Cells = append(out.Cells, b.viewCell(i, c, claims, attempts[c.Phone], labels[c.Phone]))
	}
	b.viewRequests(out.Cells, attempts)
	out.Leaks = viewLeaks(out.Cells)
	for _, u := range unseenOf(v) {
		out.Unseen = append(out.Unseen, unseenView{Reason: viewReason(u.Reason), Cells: u.Cells, Accept: u.Reason.Accept})
	}
	for _, id := range v.Identity {
		out.IDs = append(out.IDs, viewIdentity(id))
	}
	return out, nil
}

// run reads run.json. A bundle is worth a report without it.
func (b *Bundle) run() (Run, error) {
	var run Run
	raw, err := b.read(runName)
	if err != nil {
		return Run{ID: b.name}, nil
	}
	if err := json.Unmarshal(raw, &run); err != nil {
		return run, fmt.Errorf("reading %s: %w", runName, err)
	}
	if run.Schema != Schema {
		return run, fmt.Errorf("reading %s: schema %d is unknown; this telltale reads schema %d", runName, run.Schema, Schema)
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
		if info, err := b.root.Lstat(dir + file); err == nil && info.Mode().IsRegular() {
			out = append(out, linkView{dir + file, file})
		}
	}
	return out
}

func viewPhone(id string, lines []leak.Phone) phoneView {
	p := phoneView{ID: id}
	if len(lines) == 0 {
		return p
	}
	first, last := lines[0], lines[len(lines)-1]
	p.Kind, p.Personality = safe.Text(first.Kind), safe.Text(first.Personality)
	p.Model = safe.Line(strings.TrimSpace(first.Brand+" "+first.Model)+" ("+first.Device+")", 80)
	p.Android = safe.Line(fmt.Sprintf("%s (SDK %d)", first.Android, first.SDK), 40)
	p.Firmware = safe.Line(strings.TrimSpace(first.Firmware+" "+first.MIUI+" "+first.Region), 80)
	p.Patch, p.Fingerprint = safe.Line(first.PatchLevel, 40), safe.Line(first.Fingerprint, 200)
	p.Ended = last.At == leak.AtEnd
	p.Changed = first.Fingerprint != last.Fingerprint || first.Firmware != last.Firmware
	return p
}

func (b *Bundle) viewCell(i int, c leak.CellVerdict, claims []leak.Claim, attempts []leak.Attempt, labels map[string]string) cellView {
	v := cellView{
		Anchor: fmt.Sprintf("cell-%d", i+1), Phone: safe.Text(c.Phone), Kind: c.Kind, Browser: safe.Text(dash(c.Browser)),
		Scenario: safe.Text(c.Scenario), Variant: safe.Text(c.Variant), Outcome: string(c.Outcome), Title: cellTitle(c),
		Open: c.Outcome != leak.Clean,
	}
	for _, claim := range claims {
		x, ok := c.Claims[claim]
		if !ok {
			v.Words = append(v.Words, word{"none", "-"})
			continue
		}
		v.Words = append(v.Words, viewWord(x))
	}
	for _, claim := range claimsIn(c) {
		v.Claims = append(v.Claims, viewClaim(claim, c.Claims[claim], labels))
	}
	k := c.Coverage
	v.Coverage = []factView{
		{"attempts", plural(int64(k.Attempts), "attempt") + fmt.Sprintf(", %d faulted", k.Faulted)},
		{"flows", flowsRead(k)},
		{"opaque", fmt.Sprint(k.Opaque)}, {"accepted unread", fmt.Sprint(k.Accepted)},
		{"sent through the proxy", plural(k.Bytes, "byte")}, {"sent around it", plural(k.Bypass, "byte")},
		{"quiet at the end", duration(k.SettleUS)}, {"flows with a known app", fmt.Sprintf("%d of %d", k.AppsKnown, k.Flows)},
	}
	for _, a := range attempts {
		if a.Key == c.Key {
			v.Attempts = append(v.Attempts, b.viewAttempt(c.Phone, a))
		}
	}
	return v
}

func viewWord(x leak.ClaimVerdict) word {
	class := string(x.Outcome)
	if x.Outcome == leak.Clean && len(x.Accepted) > 0 {
		class = "except"
	}
	return word{class, outcomeWord(x)}
}

func viewClaim(claim leak.Claim, x leak.ClaimVerdict, labels map[string]string) claimView {
	v := claimView{Name: string(claim), Outcome: viewWord(x), Accepted: x.Accepted}
	v.Findings, v.More = viewFindings(x.Findings, labels)
	for _, r := range x.Reasons {
		v.Reasons = append(v.Reasons, viewReason(r))
		if r.Accept != "" && !slices.Contains(v.Paste, r.Accept) {
			v.Paste = append(v.Paste, safe.Text(r.Accept))
		}
	}
	return v
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

func (b *Bundle) viewAttempt(phone string, a leak.Attempt) attemptView {
	v := attemptView{ID: a.ID, Scope: string(a.Scope), What: safe.Line(a.Postcondition.What, 200), Seen: a.Postcondition.Seen, Settle: duration(a.Settle.QuietUS)}
	if a.App != "" {
		v.Scope += " " + safe.Text(a.App)
	}
	for _, d := range a.Disturbed {
		v.What += safe.Line("; disturbed by "+d.App+" ("+d.What+")", 200)
	}
	if a.Fault != nil {
		v.Fault = safe.Line(fmt.Sprintf("%s fault, %s: %s", a.Fault.Class, a.Fault.Code, a.Fault.Detail), 300)
	}
	dir := phonesName + "/" + phone + "/" + actionsName
	f, err := b.root.Open(dir)
	if err != nil {
		return v
	}
	defer f.Close()
	entries, err := f.ReadDir(maxActions)
	if err != nil {
		return v
	}
	slices.SortFunc(entries, func(x, y fs.DirEntry) int { return strings.Compare(x.Name(), y.Name()) })
	for _, e := range entries {
		if !plainName(e.Name()) || !strings.HasPrefix(e.Name(), actionFolder(a.ID, "")) {
			continue
		}
		v.Artefacts = append(v.Artefacts, b.links(dir+"/"+e.Name()+"/", artefacts...)...)
	}
	return v
}

// maxActions bounds how many folders of attempts a report looks at.
const maxActions = 10_000

func viewIdentity(id leak.Identity) identityView {
	v := identityView{Phone: safe.Text(id.Phone), App: appWord(id.App), Outcome: word{string(id.Outcome), string(id.Outcome)}}
	for _, f := range id.Findings {
		v.IDs = append(v.IDs, identifierWord(f))
		v.Hosts = append(v.Hosts, safe.Text(f.Host))
	}
	for _, list := range []*[]string{&v.IDs, &v.Hosts} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return v
}

// identifierWord is an identifier's name, with what it outlived if that is known.
func identifierWord(f leak.Finding) string {
	if f.Proof == nil {
		return safe.Text(f.Canary)
	}
	return safe.Line(fmt.Sprintf("%s (%s)", f.Canary, f.Proof), 200)
}
