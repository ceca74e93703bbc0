package evidence

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

var (
	update = flag.Bool("update", false, "write the golden files")
	keep   = flag.String("keep", "", "write a sample bundle of every outcome into this folder, to look at its report")
)

func golden(t *testing.T, name string, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// The sample of every outcome, as each reader gets it. Its verdicts are a file, so that only what is written is tested.
func TestDerivedFiles(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "verdicts.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := leak.ParseVerdicts(raw)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", Table(v))
	golden(t, "summary.md", string(summary("20261121T120000Z", v, leftOutText([]LeftOut{{"first start", 3}, {"identity", 12}}))))
	raw, err = junit(v)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "junit.xml", string(raw))
	raw, err = ctrf(v, Run{Telltale: "v0.0.0-test", HostUTC: "2026-11-21T12:00:00Z"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "ctrf.json", string(raw))
}

// TestKeepSample closes the sample of every outcome; with -keep DIR it leaves it there, to look at its report.
func TestKeepSample(t *testing.T) {
	c, err := recorded(t, leaktest.Farm()).Close()
	if err != nil {
		t.Fatal(err)
	}
	if c.Verdicts.Outcome != leak.Leaked || !c.Verdicts.Complete {
		t.Errorf("%+v", c.Verdicts)
	}
	if *keep == "" {
		return
	}
	if err := os.CopyFS(filepath.Join(*keep, filepath.Base(c.Dir)), os.DirFS(c.Dir)); err != nil {
		t.Fatal(err)
	}
}

func TestJUnitCounts(t *testing.T) {
	c, err := recorded(t, leaktest.Farm()).Close()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(c.Dir, "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var s junitSuites
	if err := xml.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	var tests, failures, errs int
	for _, x := range s.Suites {
		tests, failures, errs = tests+x.Tests, failures+x.Failures, errs+x.Errors
		if x.Skipped != 0 {
			t.Errorf("%s skipped %d", x.Name, x.Skipped)
		}
	}
	if tests != 8 || failures != 2 || errs != 1 {
		t.Errorf("%d tests, %d failures, %d errors", tests, failures, errs)
	}
	raw, err = os.ReadFile(filepath.Join(c.Dir, "ctrf.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r ctrfReport
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	if k := r.Results.Summary; k.Tests != 8 || k.Failed != 2 || k.Other != 1 || k.Passed != 5 || k.Skipped != 0 || k.Start == 0 {
		t.Errorf("%+v", k)
	}
}

// hostile is text that a phone or a server might send to harm whoever reads a report.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</style><style>*{display:none}`, `javascript:alert(1)`,
	`{{.Run}}`, "\x1b[2J\x1b]0;owned\x07", "\u202egnp.exe", "a\u200bb\ufeff", "\x00\x9b", "]]></testsuites>", "| a | b |\n# title", "' onmouseover='x",
}

// Hostile text in every field that a phone can fill shows as text, in every file and on the console.
func TestHostileText(t *testing.T) {
	for _, text := range hostile {
		sample := leaktest.Clean()
		for _, p := range sample.Phones {
			for i := range p.Lines {
				p.Lines[i].Model, p.Lines[i].Firmware, p.Lines[i].Fingerprint = text, text, text
			}
			p.Secrets[2].Label = text
			p.Attempt("search").Postcondition = leak.Postcondition{What: text, Got: text}
			p.Attempt("settings").Fault = &leak.Fault{Class: text, Code: leak.CodeDeviceLost, Detail: text}
			for i := range p.Flows {
				p.Flows[i].App += text
			}
			p.AddFlow(leaktest.Tunnel(text, text, 443, "pinned", 22_000_000))
			f := leaktest.Post(text, "https://sa.example/x", 23_000_000, "")
			body, err := json.Marshal(map[string]string{text: text + leaktest.Query + text})
			if err != nil {
				t.Fatal(err)
			}
			f.Body, f.Host = body, text
			p.AddFlow(f)
			p.Attempts[1].Counters.Sockets = []leak.Sock{{UID: 1, Apps: []string{text}, Proto: text, Addr: text, Host: text, Port: 1}}
		}
		c, err := recorded(t, sample).Close()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		raw, err := os.ReadFile(filepath.Join(c.Dir, "report.html"))
		if err != nil {
			t.Fatal(err)
		}
		checkPage(t, text, string(raw))
		for _, name := range []string{"junit.xml", "summary.md", "ctrf.json"} {
			raw, err := os.ReadFile(filepath.Join(c.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			noControls(t, name+" with "+text, string(raw))
			if name == "junit.xml" {
				wellFormed(t, text, raw)
			}
		}
		noControls(t, "table with "+text, Table(c.Verdicts))
		if check, err := Verify(c.Dir); err != nil || check.State != Genuine {
			t.Errorf("%q: %+v %v", text, check, err)
		}
	}
}

var tag = regexp.MustCompile(`<[a-zA-Z!/][^>]*>`)

// ownImage is the one picture that a report shows: a screen of the bundle, by a name of ours.
var ownImage = regexp.MustCompile(`^<img src="phones/[a-z0-9-]+/actions/[0-9]{4}-[a-z0-9-]+/screen-(before|after)\.png" alt="screen-(before|after)\.png" loading="lazy">$`)

func checkPage(t *testing.T, text, page string) {
	t.Helper()
	noControls(t, "report with "+text, page)
	if strings.Count(page, "<style>") != 1 || !strings.Contains(page, "default-src &#39;none&#39;; style-src &#39;sha256-") {
		t.Errorf("%q: the report's style or policy is not its own", text)
	}
	for _, x := range tag.FindAllString(page, -1) {
		lower := strings.ToLower(x)
		if strings.HasPrefix(lower, "<script") || strings.HasPrefix(lower, "<img") && !ownImage.MatchString(x) || strings.Contains(lower, "javascript:") || regexp.MustCompile(`\son[a-z]+\s*=`).MatchString(lower) || strings.Contains(lower, " style=") {
			t.Errorf("%q: the report holds %s", text, x)
		}
	}
}

func noControls(t *testing.T, what, s string) {
	t.Helper()
	for _, r := range s {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e || r == 0x200b || r == 0xfeff {
			t.Errorf("%q holds %U", what, r)
			return
		}
	}
}

func wellFormed(t *testing.T, text string, raw []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(raw)))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Errorf("%q: junit.xml: %v", text, err)
			return
		}
	}
}

// The report of a run on real phones has no banner; one on virtual phones always has.
func TestBanner(t *testing.T) {
	for kind, want := range map[string]bool{leak.KindVirtual: true, leak.KindUSB: false} {
		sample := leaktest.Clean()
		sample.Policy.Phones[0].Kind = kind
		for i := range sample.Plan.Cells {
			sample.Plan.Cells[i].Kind = kind
		}
		for i := range sample.Phones[0].Lines {
			sample.Phones[0].Lines[i].Kind = kind
		}
		c, err := recorded(t, sample).Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"report.html", "summary.md", "junit.xml"} {
			raw, err := os.ReadFile(filepath.Join(c.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(raw), "VIRTUAL PHONES"); got != want {
				t.Errorf("%s of a %s run says virtual: %v", name, kind, got)
			}
		}
		if got := strings.Contains(Table(c.Verdicts), "VIRTUAL"); got != want {
			t.Errorf("the table of a %s run says virtual: %v", kind, got)
		}
	}
}

// A raw identifier never leaves secrets.jsonl and the capture.
func TestNoIdentifierInDerivedFiles(t *testing.T) {
	c, err := recorded(t, leaktest.Farm()).Close()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"verdicts.json", "report.html", "junit.xml", "ctrf.json", "summary.md", "phones/leaky-2020/results.jsonl"} {
		raw, err := os.ReadFile(filepath.Join(c.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(raw)), leaktest.AndroidID) {
			t.Errorf("%s holds the raw Android ID", name)
		}
	}
	v, err := json.Marshal(c.Verdicts.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(v), "android_id") {
		t.Error("and no identity claim names it")
	}
}

func TestWriteReport(t *testing.T) {
	dir := closedCopy(t)
	first := page(t, dir)
	if _, _, err := WriteReport(dir); err != nil {
		t.Fatal(err)
	}
	if page(t, dir) != first {
		t.Error("written again, the report differs")
	}
	if err := os.WriteFile(filepath.Join(dir, "report.html"), []byte("defaced"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := WriteReport(dir); err != nil {
		t.Fatal(err)
	}
	if check, err := Verify(dir); err != nil || check.State != Genuine {
		t.Errorf("%+v, %v", check, err)
	}
	edit(t, dir, "phones/phone-1/attempts.jsonl", func(s string) string { return s + " " })
	if _, _, err := WriteReport(dir); err == nil {
		t.Error("it took new sums over a changed file")
	}
}
