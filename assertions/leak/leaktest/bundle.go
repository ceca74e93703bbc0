// Package leaktest makes small evidence bundles for tests: the judge's input files of a run that never took place. Clean
// is the start of most tests, which then break one thing.
//
// It writes with the same code that a run writes with where there is such code, and refuses to be imported by anything
// but tests.
package leaktest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// Bundle is the input files of a run.
type Bundle struct {
	Plan   leak.Plan
	Policy leak.Policy
	Phones []*Phone
}

// Phone is the input files of one phone.
type Phone struct {
	ID       string
	Lines    []leak.Phone
	Secrets  []leak.Secret
	Attempts []leak.Attempt
	Flows    []Flow
	Open     bool // leave the recording without its closing mark
}

// Flow is a flow to record, with the bodies that its messages refer to. Seq is given by the recording.
type Flow struct {
	flow.Flow
	Body    []byte // of the request, or of the message
	NoBody  bool   // refer to the body, but do not store it
	Cap     int64  // store only so many bytes of the body; 0 for all
	Partial bool   // the body goes on, or broke off
}

// Phone finds a phone by its id.
func (b *Bundle) Phone(id string) *Phone {
	for _, p := range b.Phones {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// PhonePolicy finds the policy of a phone.
func (b *Bundle) PhonePolicy(id string) *leak.PhonePolicy {
	for i := range b.Policy.Phones {
		if b.Policy.Phones[i].ID == id {
			return &b.Policy.Phones[i]
		}
	}
	return nil
}

// Attempt finds the attempt of a scenario, the first if it has several.
func (p *Phone) Attempt(scenario string) *leak.Attempt {
	for i := range p.Attempts {
		if p.Attempts[i].Key.Scenario == scenario {
			return &p.Attempts[i]
		}
	}
	return nil
}

// Write writes the bundle into a new folder and gives its path.
func (b *Bundle) Write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	b.WriteTo(t, dir)
	return dir
}

// WriteTo writes the bundle's files into a folder.
func (b *Bundle) WriteTo(t testing.TB, dir string) {
	t.Helper()
	writeJSON(t, filepath.Join(dir, "plan.json"), b.Plan)
	writeJSON(t, filepath.Join(dir, "policy.json"), b.Policy)
	for _, p := range b.Phones {
		p.write(t, filepath.Join(dir, "phones", p.ID))
	}
}

func (p *Phone) write(t testing.TB, dir string) {
	t.Helper()
	p.Record(t, dir)
	writeLines(t, filepath.Join(dir, "phone.jsonl"), p.Lines)
	writeLines(t, filepath.Join(dir, "secrets.jsonl"), p.Secrets)
	writeLines(t, filepath.Join(dir, "attempts.jsonl"), p.Attempts)
}

// Record writes the recording alone into a phone's folder.
func (p *Phone) Record(t testing.TB, dir string) {
	t.Helper()
	w, err := record.Create(dir, record.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Flows {
		g := f.Flow
		if f.Body != nil {
			if g.Request == nil {
				g.Request = &flow.Message{}
			}
			m := *g.Request
			bw := w.NewBody()
			if f.Cap > 0 {
				bw = w.NewLog(f.Cap)
			}
			if _, err := bw.Write(f.Body); err != nil {
				t.Fatal(err)
			}
			m.Body = bw.Finish(f.Partial)
			g.Request = &m
			if f.NoBody {
				if err := os.Remove(filepath.Join(dir, "bodies", m.Body.SHA256)); err != nil {
					t.Fatal(err)
				}
			}
		}
		end := g.End
		w.Begin(&g)
		if end >= 0 {
			g.End = end
			w.End(&g)
		}
	}
	if p.Open {
		err = w.Sync()
	} else {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func writeJSON(t testing.TB, name string, v any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(b, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func writeLines[T any](t testing.TB, name string, lines []T) {
	t.Helper()
	var buf bytes.Buffer
	for _, l := range lines {
		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		buf.Write(append(b, '\n'))
	}
	if err := os.WriteFile(name, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
