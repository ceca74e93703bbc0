package leak_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// read copies a bundle into memory.
func read(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	return readF(t, dir)
}

func readF(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = &fstest.MapFile{Data: b, Mode: 0o600}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// samples are bundles of every outcome.
func samples() map[string]*leaktest.Bundle {
	late := leaktest.Clean()
	late.Phone(leaktest.PhoneID).AddFlow(leaktest.Post(leaktest.Browser, "https://sa.collector.example/sa", 42*s, leaktest.Query))
	opaque := leaktest.Clean()
	opaque.Phone(leaktest.PhoneID).AddFlow(leaktest.Tunnel(leaktest.Browser, "a.example", 443, flow.ClassPinned, 22*s))
	reaction := leaktest.Clean()
	reaction.Phone(leaktest.PhoneID).AddFlow(leaktest.Post(leaktest.Analytics, "https://sa.collector.example/sa", 32*s, `{"page":"WifiSettingsActivity"}`))
	return map[string]*leaktest.Bundle{"clean": leaktest.Clean(), "late": late, "opaque": opaque, "reaction": reaction}
}

// Less evidence never makes a better verdict: with any file, any line of a file or any end of a file gone, no cell that was
// not clean becomes clean, and none stays clean that rests on what is gone.
func TestLessEvidenceIsNeverBetter(t *testing.T) {
	for name, b := range samples() {
		t.Run(name, func(t *testing.T) {
			whole := read(t, b.Write(t))
			before, err := leak.Judge(whole)
			if err != nil {
				t.Fatal(err)
			}
			for file := range whole {
				try := func(what string, data []byte) {
					less := fstest.MapFS{}
					for k, v := range whole {
						if k != file {
							less[k] = v
						} else if data != nil {
							less[k] = &fstest.MapFile{Data: data, Mode: 0o600}
						}
					}
					after, err := leak.Judge(less)
					if err != nil {
						return // refused: no verdict at all
					}
					compare(t, file+" "+what, before, after)
				}
				try("gone", nil)
				try("empty", []byte{})
				lines := bytes.SplitAfter(whole[file].Data, []byte("\n"))
				for i := range lines {
					if len(lines[i]) > 0 && strings.HasSuffix(file, ".jsonl") {
						try("without line "+string(rune('1'+i)), slices.Concat(slices.Concat(lines[:i]...), slices.Concat(lines[i+1:]...)))
					}
				}
				for n := len(whole[file].Data) - 1; n > 0; n -= 1 + n/3 {
					try("cut", whole[file].Data[:n])
				}
			}
		})
	}
}

func compare(t *testing.T, what string, before, after leak.Verdicts) {
	t.Helper()
	rank := map[leak.Outcome]int{leak.Clean: 0, leak.Inconclusive: 1, leak.Leaked: 2}
	for _, was := range before.Cells {
		for _, is := range after.Cells {
			if was.Key != is.Key {
				continue
			}
			if is.Outcome == leak.Clean && was.Outcome != leak.Clean {
				t.Errorf("%s: %s went from %s to %s", what, was.Key, was.Outcome, is.Outcome)
			}
		}
	}
	if rank[after.Outcome] < rank[before.Outcome] && after.Outcome == leak.Clean {
		t.Errorf("%s: the run went from %s to %s", what, before.Outcome, after.Outcome)
	}
}

// The clean bundle rests on every one of its files: without any of them, not everything is clean and complete.
func TestCleanNeedsEveryFile(t *testing.T) {
	whole := read(t, leaktest.Clean().Write(t))
	for file := range whole {
		less := fstest.MapFS{}
		for k, v := range whole {
			if k != file {
				less[k] = v
			}
		}
		v, err := leak.Judge(less)
		if err == nil && v.Outcome == leak.Clean {
			t.Errorf("without %s the run is still clean", file)
		}
	}
}

var update = flag.Bool("update", false, "write the golden files")

// The bytes of the verdicts of a few runs, as they were when they were last looked at.
func TestGoldenVerdicts(t *testing.T) {
	bundles := samples()
	bundles["farm"] = leaktest.Farm()
	for name, b := range bundles {
		v := judge(t, b)
		roundTrip(t, v)
		got, err := v.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "verdicts", name+".json")
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs (-update writes it)\ngot  %s\nwant %s", file, got, want)
		}
	}
}

// watched records what the judge opens.
type watched struct {
	fs.FS
	mu     sync.Mutex
	opened map[string]bool
}

func (w *watched) Open(name string) (fs.File, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened[name] = true
	return w.FS.Open(name)
}

func TestJudgeOpensItsInputsOnly(t *testing.T) {
	files := read(t, samples()["late"].Write(t))
	for _, name := range []string{"run.json", "verdicts.json", "report.html", "phones/phone-1/journal.jsonl", "phones/phone-1/results.jsonl"} {
		files[name] = &fstest.MapFile{Data: []byte("not for the judge")}
	}
	w := &watched{FS: files, opened: map[string]bool{}}
	if _, err := leak.Judge(w); err != nil {
		t.Fatal(err)
	}
	allowed := []string{"plan.json", "policy.json", "phones/phone-1/phone.jsonl", "phones/phone-1/secrets.jsonl", "phones/phone-1/attempts.jsonl", "phones/phone-1/flows.jsonl"}
	for name := range w.opened {
		if !slices.Contains(allowed, name) && !strings.HasPrefix(name, "phones/phone-1/bodies/") {
			t.Errorf("the judge opened %s", name)
		}
	}
	for _, name := range allowed {
		if !w.opened[name] {
			t.Errorf("the judge did not open %s", name)
		}
	}
}

// The order of the plan, of the policy and of the lists in a phone's lines, and what is concurrent, make no difference:
// a hundred judgements of one run, each of files shuffled anew, several at once, have one digest.
func TestJudgeIsPure(t *testing.T) {
	t.Setenv("TZ", "Asia/Kathmandu")
	t.Setenv("LANG", "tr_TR.UTF-8")
	bundle := func() *leaktest.Bundle {
		b := leaktest.Farm()
		visited := leaktest.Visited([]string{"p1", "p2"}, 3, func(p string, n int) string {
			return fmt.Sprintf(`{"id":%q,"q":"plinth sextant 5b%d1ce0f"}`, random(p), n)
		})
		b.Plan.Cells = append(b.Plan.Cells, visited.Plan.Cells...)
		b.Policy.Phones = append(b.Policy.Phones, visited.Policy.Phones...)
		b.Phones = append(b.Phones, visited.Phones...)
		return b
	}
	times := 100
	if testing.Short() || leak.RaceDetector {
		times = 20
	}
	digests := make([][sha256.Size]byte, times)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(times); i = next.Add(1) - 1 {
				r := rand.New(rand.NewPCG(uint64(i), 1))
				b := bundle()
				shuffle(r, b.Plan.Cells)
				shuffle(r, b.Policy.Phones)
				shuffle(r, b.Policy.Recipients)
				for j := range b.Policy.Phones {
					shuffle(r, b.Policy.Phones[j].Flush)
					shuffle(r, b.Policy.Phones[j].Services)
				}
				for _, p := range b.Phones {
					for j := range p.Lines {
						shuffle(r, p.Lines[j].Apps)
					}
				}
				v, err := leak.Judge(os.DirFS(b.Write(t)))
				if err != nil {
					t.Error(err)
					return
				}
				raw, err := v.Canonical()
				if err != nil {
					t.Error(err)
				}
				digests[i] = sha256.Sum256(raw)
			}
		})
	}
	workers.Wait()
	for i, d := range digests {
		if d != digests[0] {
			t.Fatalf("judgement %d has the digest %x, the first %x", i, d, digests[0])
		}
	}
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestJudgeRefuses(t *testing.T) {
	attempts := "phones/phone-1/attempts.jsonl"
	phone := "phones/phone-1/phone.jsonl"
	secrets := "phones/phone-1/secrets.jsonl"
	swap := func(file, from, to string) func(fstest.MapFS) {
		return func(f fstest.MapFS) {
			if !bytes.Contains(f[file].Data, []byte(from)) {
				panic("the test is wrong: " + file + " does not hold " + from)
			}
			f[file] = &fstest.MapFile{Data: bytes.Replace(f[file].Data, []byte(from), []byte(to), 1)}
		}
	}
	for name, c := range map[string]struct {
		do   func(fstest.MapFS)
		want string
	}{
		"schema of the plan":      {swap("plan.json", `"schema":1`, `"schema":2`), "reading plan.json: schema 2 is unknown"},
		"schema of an attempt":    {swap(attempts, `"schema":1`, `"schema":0`), "attempts.jsonl, line 1: schema 0 is unknown"},
		"unknown field":           {swap("policy.json", `"control_host"`, `"kontrol_host"`), "unknown field"},
		"unknown field inside":    {swap(attempts, `"quiet_us"`, `"quiet_ms"`), "unknown field"},
		"duplicate key":           {swap("plan.json", `"schema":1`, `"schema":1,"schema":1`), `key "schema" occurs twice`},
		"key in another case":     {swap("plan.json", `"schema":1`, `"schema":1,"Schema":1`), `key "Schema" is unknown`},
		"text after the value":    {func(f fstest.MapFS) { f["plan.json"].Data = append(f["plan.json"].Data, "{}"...) }, "text after"},
		"two values in a line":    {swap(phone, "}\n", "}{}\n"), "text after"},
		"not UTF-8":               {swap(phone, "Test Phone", "Test \xff"), "not UTF-8"},
		"broken line":             {swap(secrets, "{", "["), "secrets.jsonl, line 1"},
		"empty line":              {swap(secrets, "\n", "\n\n"), "secrets.jsonl, line 2: it is empty"},
		"kind of the phone":       {swap(phone, `"kind":"virtual"`, `"kind":"usb"`), "phone.jsonl"},
		"kind in the plan":        {swap("plan.json", `"kind":"virtual"`, `"kind":"usb"`), "plan.json"},
		"another phone":           {swap(phone, `"id":"phone-1"`, `"id":"phone-2"`), "phone.jsonl"},
		"attempt of another":      {swap(attempts, `"phone":"phone-1"`, `"phone":"phone-2"`), "attempts.jsonl"},
		"attempt twice":           {swap(attempts, `"id":2`, `"id":1`), "attempt id 1"},
		"canary twice":            {swap(secrets, `"id":"k1"`, `"id":"c1"`), `canary "c1" occurs twice`},
		"cell twice":              {swap("plan.json", `"browser":"","scenario":"settings","variant":"default"`, `"browser":"mi","scenario":"search","variant":"private"`), "occurs twice"},
		"phone not in the policy": {swap("policy.json", `"id":"phone-1"`, `"id":"phone-2"`), "not in policy.json"},
		"phone id a path":         {swap("policy.json", `"id":"phone-1"`, `"id":"../etc"`), "not a folder name"},
		"flow twice":              {swap("phones/phone-1/flows.jsonl", `"seq":2`, `"seq":1`), "recording of phone-1"},
		"line beyond the bound":   {swap(secrets, "Android ID", strings.Repeat("x", 5<<20)), "longer than"},
		"file beyond the bound":   {swap("plan.json", "{", "{"+strings.Repeat(" ", 17<<20)), "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			files := read(t, leaktest.Clean().Write(t))
			c.do(files)
			_, err := leak.Judge(files)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// A run that was killed while it wrote leaves a line without an end: it is ignored, and the verdicts say so.
func TestUnfinishedLines(t *testing.T) {
	for _, file := range []string{"phone.jsonl", "secrets.jsonl", "attempts.jsonl", "flows.jsonl"} {
		t.Run(file, func(t *testing.T) {
			files := read(t, leaktest.Clean().Write(t))
			name := "phones/phone-1/" + file
			files[name].Data = append(files[name].Data, `{"schema":1,"id`...)
			v, err := leak.Judge(files)
			if err != nil {
				t.Fatal(err)
			}
			if v.Complete {
				t.Error("it says complete")
			}
			if _, err := leak.JudgePhone(files, leaktest.PhoneID); err != nil {
				t.Errorf("the provisional verdict does not ignore it: %v", err)
			}
		})
	}
}
