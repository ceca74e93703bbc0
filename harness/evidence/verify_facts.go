package evidence

import (
	"bufio"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// checkRun checks run.json, which no verdict rests on, and that the plan is the one that the run began with.
func (b *Bundle) checkRun(open bool, bad complaint) {
	raw, err := b.read(runName)
	if errors.Is(err, fs.ErrNotExist) && open { // killed before it was written
		return
	}
	if err != nil {
		bad(runName, "it cannot be read: %v", err)
		return
	}
	run, err := parseRun(raw)
	if err != nil {
		bad(runName, "%v", err)
		return
	}
	if sum, err := digest(b.root, planName); err == nil && sum != run.Plan {
		bad(planName, "it is not the plan that the run began with: sha256 is %s, %s says %s", sum, runName, run.Plan)
	}
}

// checkCert checks that the first certificate of a chain is the one that its name says. Flows name it so.
func (b *Bundle) checkCert(name string, bad complaint) {
	raw, err := b.read(name)
	if err != nil {
		bad(name, "it cannot be read: %v", err)
		return
	}
	var leaf asn1.RawValue
	if _, err := asn1.Unmarshal(raw, &leaf); err != nil || sha256Hex(leaf.FullBytes)+".der" != path.Base(name) {
		bad(name, "its first certificate is not the one that its name says")
	}
}

// checkPhones checks what lies beside the judge's inputs in each phone's folder: that the policy names the phone, its journal,
// and that what was kept of its attempts is what the journal says.
func (b *Bundle) checkPhones(files []string, open, redacted bool, bad complaint) {
	policy, err := leak.ReadPolicy(b.FS())
	if err != nil {
		return // the judge names it
	}
	folders, err := fs.ReadDir(b.root.FS(), phonesName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		bad(phonesName, "it cannot be read: %v", err)
	}
	for _, f := range folders {
		dir := phonesName + "/" + f.Name()
		if !slices.ContainsFunc(policy.Phones, func(p leak.PhonePolicy) bool { return p.ID == f.Name() }) {
			bad(dir, "%s names no such phone", policyName)
			continue
		}
		if redacted {
			continue
		}
		attempts, err := leak.ReadAttempts(b.FS(), f.Name())
		if err != nil {
			continue // the judge names it
		}
		k := b.checkJournal(dir+"/"+journalName, open, bad)
		driven := slices.ContainsFunc(attempts, func(a leak.Attempt) bool { return a.Fault == nil }) // a phone that never came has faults alone
		if k.lines == 0 && driven {
			bad(dir+"/"+journalName, "there is no line in it, and attempts were made")
			continue
		}
		b.checkKept(dir, files, attempts, k, open, bad)
		b.checkResults(f.Name(), attempts, bad)
	}
}

// kept is what a journal says of the files of attempts, by their path in the phone's folder.
type kept struct {
	lines   int
	says    bool                // it is of a telltale that writes this down
	sums    map[string][]string // sha256 of what was stored there, one after the other
	missing map[string]bool
}

// checkJournal follows the chain of a journal.
func (b *Bundle) checkJournal(name string, open bool, bad complaint) kept {
	k := kept{sums: map[string][]string{}, missing: map[string]bool{}}
	f, err := b.root.Open(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			bad(name, "it cannot be read: %v", err)
		}
		return k
	}
	defer f.Close()
	err = followChain(f, open, func(l JournalLine) {
		k.lines++
		file, _ := l.Data["file"].(string)
		sum, _ := l.Data["sha256"].(string)
		switch l.Event {
		case eventKept:
			k.says = true
			k.sums[file] = append(k.sums[file], sum)
		case "video":
			k.sums[file] = append(k.sums[file], sum)
		case eventMissing:
			k.missing[file] = true
		}
	})
	if err != nil {
		bad(name, "%v", err)
	}
	return k
}

// checkKept compares screens, logs and films with what the journal and the attempts say was stored.
func (b *Bundle) checkKept(dir string, files []string, attempts []leak.Attempt, k kept, open bool, bad complaint) {
	over := map[int64]bool{}
	for _, a := range attempts {
		over[a.ID] = true
		for _, v := range a.Video {
			k.sums[v.File] = append(k.sums[v.File], v.SHA256)
		}
	}
	there := map[string]bool{}
	for _, name := range files {
		file, ok := strings.CutPrefix(name, dir+"/")
		if !ok || !strings.HasPrefix(file, actionsName+"/") {
			continue
		}
		there[file] = true
		want, known := k.sums[file]
		film := strings.HasPrefix(path.Base(file), "video")
		switch sum, err := digest(b.root, name); {
		case err != nil:
			bad(name, "it cannot be read: %v", err)
		case known && !slices.Contains(want, sum):
			bad(name, "it is not what was stored there: %s has another sha256 for it", journalName)
		case !known && k.says && !film: // a part of a film is stored before its digest is known
			bad(name, "%s does not say that it was stored", journalName)
		}
	}
	for file := range k.sums {
		n, _, _ := strings.Cut(strings.TrimPrefix(file, actionsName+"/"), "-")
		id, err := strconv.ParseInt(n, 10, 64)
		if err == nil && over[id] && !there[file] && !k.missing[file] && !open {
			bad(dir+"/"+file, "%s says that it was stored, and it is not there", journalName)
		}
	}
}

// checkCopy refuses in a redacted copy what no such copy has: with it, a bundle could be passed off as one, so that nobody
// judges it again.
func (b *Bundle) checkCopy(files []string, bad complaint) {
	for _, name := range files {
		if name != sumsName && name != originalName && !published(name) && !answersName.MatchString(name) {
			bad(name, "a redacted copy has no such file; without %s this is a bundle that can be judged", originalName)
		}
	}
}

// differs names the derived files that are not what this telltale writes from the verdicts and the recording. Another
// version may write them otherwise, so that it does not make a bundle another one.
func (b *Bundle) differs(v leak.Verdicts, redacted bool) (out []Problem) {
	const otherwise = "it is not what this telltale writes from the verdicts and the recorded files: another version wrote it, or somebody changed it"
	compare := func(name string, want func(io.Writer) error) {
		if got, err := digest(b.root, name); errors.Is(err, fs.ErrNotExist) {
			out = append(out, Problem{name, "it is missing"})
		} else if h := sha256.New(); err != nil || want(h) != nil || hex.EncodeToString(h.Sum(nil)) != got {
			out = append(out, Problem{name, otherwise})
		}
	}
	run, err := b.run()
	if err != nil {
		return nil // it is named
	}
	found := false
	var last view
	for _, asked := range [][]askedView{b.viewAnswers(), nil} { // what was added after the report was written is not in it
		for _, signed := range [][]linkView{b.links("", signatures...), nil} {
			w, err := b.viewWith(v, asked, signed)
			if err != nil {
				return append(out, Problem{reportName, otherwise})
			}
			raw, err := w.page()
			stored, missing := b.read(reportName)
			found = found || err == nil && missing == nil && string(raw) == string(stored)
			last = w
		}
	}
	for _, p := range pages(v, run, last, nil) {
		if p.name == reportName && found || redacted && p.name != reportName { // the others are the original's
			continue
		}
		compare(p.name, func(w io.Writer) error {
			_, err := w.Write(p.raw)
			return errors.Join(p.err, err)
		})
	}
	if redacted {
		return out
	}
	out = append(out, b.contradicted(v)...)
	for _, id := range b.phonesOf(v) {
		if write, err := b.harOf(id, v, run); err == nil && write != nil {
			compare(phonesName+"/"+id+"/"+harName, func(w io.Writer) error {
				to := bufio.NewWriterSize(w, 64<<10)
				return errors.Join(write(to), to.Flush())
			})
		}
	}
	return out
}
