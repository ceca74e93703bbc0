// Package evidence is the bundle on disk (docs/evidence.md): it creates one, lets each phone append to its folder,
// closes, opens, checks, compares and renders it.
//
// What is recorded is appended and never rewritten. Every path goes through os.Root with names of our own, so nothing
// that a phone says can choose a file. It judges nothing itself: verdicts come from package leak, over the files.
package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Names of files in a bundle.
const (
	planName     = "plan.json"
	policyName   = "policy.json"
	runName      = "run.json"
	phonesName   = "phones"
	verdictsName = "verdicts.json"
	sumsName     = "SHA256SUMS"
	originalName = "SHA256SUMS.original"
	reportName   = "report.html"
	junitName    = "junit.xml"
	ctrfName     = "ctrf.json"
	summaryName  = "summary.md"
	ginkgoName   = "ginkgo.json"

	phoneName    = "phone.jsonl"
	secretsName  = "secrets.jsonl"
	attemptsName = "attempts.jsonl"
	flowsName    = "flows.jsonl"
	journalName  = "journal.jsonl"
	resultsName  = "results.jsonl"
	bodiesName   = "bodies"
	certsName    = "certs"
	actionsName  = "actions"
	harName      = "capture.har"
)

// partial ends the name of a bundle that is not closed.
const partial = ".partial"

// Schema is the version of run.json and journal.jsonl.
const Schema = 1

// Run is run.json: what ran, as facts beside the verdicts. The judge does not read it.
type Run struct {
	Schema    int    `json:"schema"`
	ID        string `json:"id"`
	Telltale  string `json:"telltale"`  // version
	Commit    string `json:"commit"`    // empty if unknown
	GoSum     string `json:"go_sum"`    // sha256 of go.sum, hex; empty if unknown
	Devices   string `json:"devices"`   // sha256 of devices.yaml, hex
	Scenarios string `json:"scenarios"` // sha256 of the scenarios' binary, hex; empty if unknown
	Plan      string `json:"plan"`      // sha256 of plan.json, hex
	Seed      string `json:"seed"`      // canaries and order come from it
	Filter    string `json:"filter"`    // labels asked for
	HostUTC   string `json:"host_utc"`  // RFC 3339, when the run began by the host's clock
	Host      string `json:"host"`      // operating system and architecture

	LeftOut []LeftOut `json:"left_out,omitempty"` // what was not planned because no labels were asked for; sorted by scenario
}

// LeftOut is how many cells of a scenario labelled extended a run without a filter did not plan.
type LeftOut struct {
	Scenario string `json:"scenario"`
	Cells    int    `json:"cells"`
}

// Inputs is what a bundle holds before the first phone is touched.
type Inputs struct {
	Plan   []byte // the bytes of plan.json, whose digest the processes of the run compare
	Policy leak.Policy
	Run    Run
	Free   func(dir string) (int64, error) // bytes that are free on the disk of a folder; nil asks the system
}

// Bundle is a bundle that is being written or read.
type Bundle struct {
	dir  string // absolute, as it is named now
	root *os.Root
	name string   // run id
	held *os.File // the folder, while this process writes it; nil in a reader
}

// Create makes the folder <out>/<runID>.partial with plan, policy and run facts in it, all on disk when it returns.
func Create(out, runID string, in Inputs) (_ *Bundle, err error) {
	if !plainName(runID) || strings.HasSuffix(runID, partial) {
		return nil, fmt.Errorf("creating a bundle: run id %q is not a folder name", runID)
	}
	plan, err := leak.ParsePlan(in.Plan)
	if err != nil {
		return nil, fmt.Errorf("creating bundle %s: %w", runID, err)
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, fmt.Errorf("creating bundle %s: %w", runID, err)
	}
	if _, err := CheckRoom(out, in); err != nil {
		return nil, fmt.Errorf("creating bundle %s: %w", runID, err)
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return nil, fmt.Errorf("creating bundle %s: %w", runID, err)
	}
	if _, err := os.Lstat(filepath.Join(out, runID)); err == nil {
		return nil, fmt.Errorf("creating bundle %s: a closed bundle of that name is there already", runID)
	}
	dir := filepath.Join(out, runID+partial)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating bundle %s: %w", runID, err)
	}
	b := &Bundle{dir: dir, name: runID}
	if b.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("creating bundle %s: %w", runID, err)
	}
	defer func() {
		if err != nil {
			b.Release()
		}
	}()
	if b.held, err = hold(dir, 0); err != nil {
		return nil, fmt.Errorf("creating bundle %s: %w", runID, err)
	}
	in.Run.Schema, in.Run.ID, in.Run.Plan = Schema, runID, sha256Hex(in.Plan)
	if err := b.root.Mkdir(phonesName, 0o700); err != nil {
		return nil, fmt.Errorf("creating bundle %s: %w", runID, err)
	}
	for _, p := range in.Policy.Phones {
		if !plainName(p.ID) {
			return nil, fmt.Errorf("creating bundle %s: phone id %q is not a folder name", runID, p.ID)
		}
	}
	for _, c := range plan.Cells {
		if err := b.root.MkdirAll(phonesName+"/"+c.Phone, 0o700); err != nil {
			return nil, fmt.Errorf("creating bundle %s: %w", runID, err)
		}
	}
	if err := b.write(planName, in.Plan); err != nil {
		return nil, err
	}
	for name, v := range map[string]any{policyName: in.Policy, runName: in.Run} {
		raw, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
		if err := b.write(name, append(raw, '\n')); err != nil {
			return nil, err
		}
	}
	return b, errors.Join(syncDir(b.root, "."), syncPath(out))
}

// Open opens a bundle to read it, or to close one that a killed run left behind. It changes nothing.
func Open(dir string) (*Bundle, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening a bundle: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the bundle %s: %w", dir, err)
	}
	b := &Bundle{dir: dir, root: root, name: strings.TrimSuffix(filepath.Base(dir), partial)}
	if _, err := root.Lstat(planName); err != nil {
		root.Close()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("opening the bundle %s: there is no %s in it: it is no evidence bundle", dir, planName)
		}
		return nil, fmt.Errorf("opening the bundle %s: %w", dir, err)
	}
	return b, nil
}

// Dir is the bundle's folder, absolute. Closing a bundle changes its name.
func (b *Bundle) Dir() string { return b.dir }

// FS shows the bundle's files. A symbolic link in it cannot lead out of it.
func (b *Bundle) FS() fs.FS { return b.root.FS() }

// Partial says whether the bundle was never closed.
func (b *Bundle) Partial() bool { return strings.HasSuffix(b.dir, partial) }

// Release lets go of the folder.
func (b *Bundle) Release() error {
	b.unhold()
	return b.root.Close()
}

// unhold lets others write the folder.
func (b *Bundle) unhold() {
	if b.held != nil {
		b.held.Close()
		b.held = nil
	}
}

// write writes a file of ours whole, or not at all, and syncs it.
func (b *Bundle) write(name string, data []byte) error {
	return writeWhole(b.root, name, data)
}

// plainName says whether a name may be a folder's: letters, digits, dot, dash and underscore, and no dot in front.
func plainName(s string) bool {
	if s == "" || len(s) > 200 || s[0] == '.' {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
