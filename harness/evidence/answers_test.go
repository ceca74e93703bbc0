package evidence

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

const greets = "<html><body><h1>Sensors Analytics is ready to receive your data!</h1></body></html>"

// answersOn is what one destination answered, for the sample of a leak on a real phone.
func answersOn(page string) Answers {
	body := []byte(page)
	return Answers{
		Run: "20261121T120000Z", Telltale: "test", Begun: "2026-11-21T18:00:01.5Z", Ended: "2026-11-21T18:00:02Z",
		Answers: []Answer{{URL: "https://sa.example/", For: []Named{{"phone-1", []int64{4}}}, Steps: []Step{{
			URL: "https://sa.example/", Begun: "2026-11-21T18:00:01.5Z", Addresses: []string{"151.101.1.69"}, Dialled: "151.101.1.69:443",
			Secured: &Secured{Version: "TLS 1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Trusted: true,
				Certs: []Certificate{{Subject: "CN=sa.example", Issuer: "CN=some CA", Names: []string{"sa.example"}, SHA256: strings.Repeat("ab", 32)}}},
			Proto: "HTTP/1.1", Status: 200, Headers: []flow.Header{{Name: "Server", Value: "nginx"}},
			Body: &AnswerBody{Size: int64(len(body)), SHA256: sha256Hex(body), Bytes: body},
		}}}},
	}
}

// Answers stand beside the evidence: the report quotes them, no verdict and no sum changes, and verify names them.
func TestAnswersBesideABundle(t *testing.T) {
	dir := closed(t, leaking(leak.KindUSB))
	before := tree(t, dir)
	name, err := AddAnswers(dir, answersOn(greets))
	if err != nil {
		t.Fatal(err)
	}
	if name != "answers-20261121T180001Z.json" {
		t.Errorf("stored as %s", name)
	}
	after := tree(t, dir)
	delete(after, name)
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("storing changed other files: %s", d)
	}
	second, err := AddAnswers(dir, answersOn("no words"))
	if err != nil || second != "answers-20261121T180001Z-1.json" {
		t.Errorf("%s, %v", second, err)
	}
	verdicts := after[verdictsName]
	if _, _, err := WriteReport(dir); err != nil {
		t.Fatal(err)
	}
	check, err := Verify(dir)
	if err != nil || check.State != Genuine || !slices.Equal(check.Uncovered, []string{second, name}) {
		t.Errorf("%+v %v", check, err)
	}
	if tree(t, dir)[verdictsName] != verdicts || strings.Contains(tree(t, dir)[sumsName], "answers-") {
		t.Error("the verdicts changed, or the sums speak of answers")
	}
	shown := page(t, dir)
	for _, want := range []string{
		"What destinations answered", "Fetched by the host, not by a phone", "<q>Sensors Analytics is ready to receive your data!</q>", "the greeting of a Sensors Analytics collector",
		"2026-11-21T18:00:01.5Z", "151.101.1.69:443", "TLS 1.2 TLS_ECDHE_RSA", "CN=some CA", `<a href="#answer-2-1">the answer</a>`, "phone-1, flow 4",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	out := filepath.Join(t.TempDir(), "public")
	if err := Redact(dir, out); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(out, name)); err == nil || strings.Contains(page(t, out), "What destinations answered") {
		t.Error("the copy to publish holds answers, which may name this computer")
	}
	if strings.Contains(page(t, closed(t, leaking(leak.KindUSB))), "destinations answered") {
		t.Error("a report speaks of answers where nobody was asked")
	}
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			out[e.Name()] = string(raw)
		}
	}
	return out
}

// What claims to be answers and is none is named as any other file that does not belong.
func TestVerifyNamesBadAnswers(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"another run":        func(s string) string { return strings.Replace(s, `"run": "2026`, `"run": "2025`, 1) },
		"another schema":     func(s string) string { return strings.Replace(s, `"schema": 1`, `"schema": 2`, 1) },
		"an unknown field":   func(s string) string { return strings.Replace(s, `"by"`, `"buy"`, 1) },
		"a phone that asked": func(s string) string { return strings.Replace(s, AskedByHost, "a phone", 1) },
		"a changed body":     func(s string) string { return strings.Replace(s, `"size": `, `"size": 1`, 1) },
		"text after its end": func(s string) string { return s + "{}" },
		"no JSON":            func(string) string { return "ready to receive" },
	} {
		dir := closed(t, leaking(leak.KindUSB))
		file, err := AddAnswers(dir, answersOn(greets))
		if err != nil {
			t.Fatal(err)
		}
		edit(t, dir, file, change)
		check, err := Verify(dir)
		if err != nil || check.State != Tampered || len(check.Problems) != 1 || check.Problems[0].File != file {
			t.Errorf("%s: %+v, %v", name, check, err)
		}
	}
	dir := closed(t, leaking(leak.KindUSB))
	if err := os.WriteFile(filepath.Join(dir, "answers-later.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if check, err := Verify(dir); err != nil || check.State != Tampered {
		t.Errorf("a name that is no date: %+v, %v", check, err)
	}
}

// A page of a server is as hostile as a phone's text.
func TestHostileAnswersInAReport(t *testing.T) {
	b := recorded(t, leaking(leak.KindUSB))
	c, err := b.Close()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range hostile {
		a := answersOn("<p>" + text + "</p><iframe src=//x></iframe>" + text)
		a.Answers[0].Error = text
		s := &a.Answers[0].Steps[0]
		s.Redirect, s.Proto, s.Headers = text, text, []flow.Header{{Name: text, Value: text + "\xff"}}
		s.Secured.Certs[0] = Certificate{Subject: text, Issuer: text, Names: []string{text}, NotBefore: text, SHA256: text}
		if _, err := AddAnswers(c.Dir, a); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	if _, _, err := WriteReport(c.Dir); err != nil {
		t.Fatal(err)
	}
	checkPage(t, "answers", page(t, c.Dir))
}

func TestQuote(t *testing.T) {
	for page, want := range map[string]string{
		greets:                    "Sensors Analytics is ready to receive your data!",
		"plain words\n  in lines": "plain words in lines",
		"<style>p{}</style><SCRIPT>x</SCRIPT>a &amp; b<!-- c -->": "a & b",
		"<script>never closed":        "",
		"\x1f\x8b\x08 no text \xff":   "",
		"null\x00byte":                "",
		"":                            "",
		"cut in a character \xe2\x82": "cut in a character",
	} {
		if got := (&AnswerBody{Bytes: []byte(page)}).Quote(); got != want {
			t.Errorf("%q: %q, want %q", page, got, want)
		}
	}
	if long := (&AnswerBody{Bytes: []byte(strings.Repeat("word ", 10_000))}).Quote(); len(long) > 2*maxQuote {
		t.Errorf("%d bytes are quoted", len(long))
	}
	if greeting("the SENSORS ANALYTICS is ready to receive your data! x") == "" || greeting("ready to receive your data") != "" {
		t.Error("the greeting is not told from others")
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"schema":1,"run":"r","verdicts":"","telltale":"","by":"the host, not a phone","begun":"","ended":"","answers":[{"url":"x","for":null,"steps":[]}]}`), []byte(greets))
	f.Fuzz(func(t *testing.T, raw, page []byte) {
		root, err := os.OpenRoot(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		b := &Bundle{root: root, name: "r"}
		defer b.Release()
		if a, err := b.parseAnswers(raw); err == nil {
			for _, x := range a.Answers {
				noControls(t, "a view", viewAnswer(x).Quote+viewAnswer(x).URL)
			}
		}
		noControls(t, "a quotation", (&AnswerBody{Bytes: page}).Quote())
	})
}

// Those that findings of real phones name are asked, at the root and at the plain part of the path; what could carry what
// was found is not sent again.
func TestDestinations(t *testing.T) {
	const leaked = `{"q":"` + leaktest.Query + `"}`
	urls := func(targets ...string) func(*leaktest.Phone) {
		return func(p *leaktest.Phone) {
			for i, target := range targets {
				p.AddFlow(leaktest.Post(leaktest.Browser, target, 22_000_000+int64(i), leaked))
			}
		}
	}
	for _, tt := range []struct {
		name string
		add  func(*leaktest.Phone)
		want []Destination
	}{
		{"root and path", urls("https://sa.example/sa?project=x"), []Destination{{Host: "sa.example", URLs: []string{"https://sa.example/", "https://sa.example/sa"}, For: []Named{{"phone-1", []int64{4}}}}}},
		{"the path ends where it stops being a name", urls("https://sa.example/track/v4/77c1/up"), []Destination{{Host: "sa.example", URLs: []string{"https://sa.example/", "https://sa.example/track/v4"}, For: []Named{{"phone-1", []int64{4}}}}}},
		{"a word of what was typed ends it", urls("https://sa.example/log/gantry-x"), []Destination{{Host: "sa.example", URLs: []string{"https://sa.example/", "https://sa.example/log"}, For: []Named{{"phone-1", []int64{4}}}}}},
		{"two of one host, plain, with a port", urls("http://sa.example:8080/a", "http://sa.example:8080/b"), []Destination{{Host: "sa.example",
			URLs: []string{"http://sa.example:8080/", "http://sa.example:8080/a", "http://sa.example:8080/b"}, For: []Named{{"phone-1", []int64{4, 5}}}}}},
		{"what was found in the path", func(p *leaktest.Phone) {
			p.AddFlow(leaktest.Get(leaktest.Browser, "https://sa.example/x/"+strings.ReplaceAll(leaktest.Query, " ", "%20"), 22_000_000))
		}, []Destination{{Host: "sa.example", URLs: []string{"https://sa.example/"}, For: []Named{{"phone-1", []int64{4}}}}}},
		{"an identifier in the path", urls("https://sa.example/track/" + leaktest.AndroidID), []Destination{{Host: "sa.example", URLs: []string{"https://sa.example/"}, For: []Named{{"phone-1", []int64{4}}}}}},
		{"what was found in the name", func(p *leaktest.Phone) {
			p.AddFlow(leaktest.Get(leaktest.Browser, "https://"+strings.ReplaceAll(leaktest.Query, " ", "-")+".sa.example/", 22_000_000))
		}, []Destination{{Host: strings.ReplaceAll(leaktest.Query, " ", "-") + ".sa.example", For: []Named{{"phone-1", []int64{4}}},
			Not: "its name itself carries what was found: to ask for it would be to send that again"}}},
		{"an identifier alone names its recipient, too", func(p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Analytics, "https://id.example/", 32_000_000, `{"aid":"`+leaktest.AndroidID+`"}`))
		}, []Destination{{Host: "id.example", URLs: []string{"https://id.example/"}, For: []Named{{"phone-1", []int64{4}}}}}},
		{"nothing was found", func(*leaktest.Phone) {}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := leaking(leak.KindUSB)
			p := b.Phones[0]
			p.Flows = p.Flows[:3]
			tt.add(p)
			got, origin, err := Destinations(closed(t, b))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if origin.Run != "20261121T120000Z" || !isDigest(origin.Verdicts) {
				t.Errorf("%+v", origin)
			}
		})
	}
}

func TestDestinationsAreRefused(t *testing.T) {
	refused := func(name, dir, want string) {
		t.Helper()
		if got, _, err := Destinations(dir); err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	refused("virtual phones", closed(t, leaking(leak.KindVirtual)), "its phones are virtual")
	refused("an open bundle", recorded(t, leaking(leak.KindUSB)).dir, "never closed")
	dir := closed(t, leaking(leak.KindUSB))
	out := filepath.Join(t.TempDir(), "public")
	if err := Redact(dir, out); err != nil {
		t.Fatal(err)
	}
	refused("a redacted copy", out, "redacted")
	edit(t, dir, "phones/phone-1/flows.jsonl", func(s string) string { return strings.ReplaceAll(s, "sa.example", "to.example") })
	refused("a changed bundle", dir, "not genuine")
}

// Of a run on both kinds, what virtual phones name is nobody's business.
func TestDestinationsOfAMixedRun(t *testing.T) {
	b := leaktest.Farm()
	for _, p := range b.Phones {
		if p.ID == leaktest.CleanID {
			continue
		}
		p.AddFlow(leaktest.Post(leaktest.Browser, "https://"+p.ID+".example/", 24_000_000, `{"q":"`+leaktest.Query+`"}`))
	}
	b.PhonePolicy(leaktest.PinnedID).Kind = leak.KindUSB
	for i := range b.Plan.Cells {
		if b.Plan.Cells[i].Phone == leaktest.PinnedID {
			b.Plan.Cells[i].Kind = leak.KindUSB
		}
	}
	for i := range b.Phone(leaktest.PinnedID).Lines {
		b.Phone(leaktest.PinnedID).Lines[i].Kind = leak.KindUSB
	}
	got, _, err := Destinations(closed(t, b))
	if err != nil || len(got) != 1 || got[0].Host != "pinned.example" {
		t.Errorf("%+v, %v", got, err)
	}
}
