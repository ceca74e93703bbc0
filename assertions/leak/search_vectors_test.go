package leak

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

var updateSearch = flag.Bool("update-encodings", false, "write the goldens of the vectors and the table in docs/encodings.md again")

// vectorNeedles are the canaries that the leaking half of every vector holds. The near half holds values one word, one
// digit or one letter away.
func vectorNeedles() []Needle {
	return []Needle{
		{"text", ValueText, "velvet okapi 7f3a91"}, {"wide", ValueText, "zéphyr кукушка 7f3a91"}, {"zh", ValueText, "天鹅绒霍加狓 红米手机 7f3a91"},
		{"url", ValueURL, "https://canary-5d20.example/path/7f3a91?q=a+b&lang=fr"}, {"host", ValueText, "canary-5d20.example"},
		{"uuid", ValueID, "5e77c02f-031a-4c9d-a1ff-cb2a6f40023c"}, {"imei", ValueNumber, "867254269213547"},
	}
}

// vector is a file of testdata/vectors: header lines, then the leaking and the near-miss request, bodies in base64.
type vector struct {
	file, name, madeBy string
	expect             []string
	leak, near         decode.Sent
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	var out []vector
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		v, err := parseVector(f, b)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		out = append(out, v)
	}
	return out
}

func parseVector(file string, b []byte) (vector, error) {
	v := vector{file: file}
	kind := decode.KindRequest
	head, rest, ok := strings.Cut(string(b), "--- leak\n")
	leak, near, ok2 := strings.Cut(rest, "--- near\n")
	if !ok || !ok2 {
		return v, fmt.Errorf("it wants --- leak and --- near")
	}
	for _, line := range strings.Split(strings.TrimSpace(head), "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "name":
			v.name = value
		case "made-by":
			v.madeBy = value
		case "expect":
			v.expect = strings.Fields(value)
		case "kind":
			kind = decode.Kind(value)
		default:
			return v, fmt.Errorf("unknown header %q", key)
		}
	}
	if v.name == "" || v.madeBy == "" || len(v.expect) == 0 {
		return v, fmt.Errorf("name, made-by and expect must be there")
	}
	for text, sent := range map[string]*decode.Sent{leak: &v.leak, near: &v.near} {
		*sent = decode.Sent{Kind: kind, Method: "POST", Target: "https://x.example/"}
		head, body, _ := strings.Cut("\n"+text, "\n\n")
		for _, line := range strings.Split(strings.TrimSpace(head), "\n") {
			key, value, _ := strings.Cut(line, ": ")
			switch key {
			case "":
			case "target":
				sent.Target = value
			case "header":
				n, val, _ := strings.Cut(value, ": ")
				sent.Headers = append(sent.Headers, flow.Header{Name: n, Value: val})
			default:
				return v, fmt.Errorf("unknown header %q", key)
			}
		}
		raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\n", ""))
		if err != nil {
			return v, err
		}
		sent.Body = raw
	}
	return v, nil
}

func TestVectors(t *testing.T) {
	s, err := NewSearcher(vectorNeedles(), decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var golden bytes.Buffer
	for _, v := range readVectors(t) {
		t.Run(strings.TrimSuffix(filepath.Base(v.file), ".txt"), func(t *testing.T) {
			r := s.Search(v.leak)
			found := map[string]bool{}
			fmt.Fprintf(&golden, "%s\n", v.name)
			for _, h := range r.Hits {
				if h.Class != ClassPart {
					found[h.Needle] = true
				}
				fmt.Fprintf(&golden, "  %s %s: %s (%s)\n", h.Needle, h.Class, h.Location, strings.Join(h.Transforms, " > "))
			}
			for _, o := range r.Opaque {
				fmt.Fprintf(&golden, "  opaque %s: %s\n", o.Location, o.Reason)
			}
			for _, id := range v.expect {
				if id == "opaque" {
					if len(r.Opaque) == 0 || len(s.Search(v.near).Opaque) == 0 {
						t.Error("it was not reported as opaque")
					}
					continue
				}
				if !found[id] {
					t.Errorf("%s was not found", id)
				}
			}
			for _, h := range s.Search(v.near).Hits {
				if h.Class != ClassPart {
					t.Errorf("near miss: %s %s at %s (%q)", h.Needle, h.Class, h.Location, h.Value)
				}
			}
		})
	}
	checkGolden(t, filepath.Join("testdata", "vectors.golden"), golden.Bytes())
}

func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *updateSearch {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s, line %d: got %q, want %q; go test -run %s -update-encodings writes it again", name, i+1, g[i], slices.Concat(w, []string{""})[min(i, len(w))], t.Name())
		}
	}
	t.Fatalf("%s has %d lines, got %d", name, len(w), len(g))
}

// chainVector is a line of testdata/chains.jsonl: the same three values under two or three layers.
type chainVector struct {
	Chain      []string
	Leak, Near []byte
}

func readChains(t testing.TB) (out []chainVector) {
	t.Helper()
	f, err := os.Open("testdata/chains.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c chainVector
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func TestChains(t *testing.T) {
	s, err := NewSearcher(vectorNeedles(), decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	chains := readChains(t)
	if len(chains) < 300 {
		t.Fatalf("%d chains", len(chains))
	}
	for _, c := range chains {
		t.Run(strings.Join(c.Chain, ">"), func(t *testing.T) {
			found := map[string]bool{}
			for _, h := range s.Search(decode.Sent{Body: c.Leak}).Hits {
				found[h.Needle] = h.Class == ClassExact || found[h.Needle]
			}
			for _, id := range []string{"text", "url", "uuid"} {
				if !found[id] {
					t.Errorf("%s was not found", id)
				}
			}
			for _, h := range s.Search(decode.Sent{Body: c.Near}).Hits {
				if h.Class != ClassPart {
					t.Errorf("near miss: %+v", h)
				}
			}
		})
	}
}

// TestEveryLayerMatters leaves out one layer at a time: some vector must then lose something, or the layer is not proven.
func TestEveryLayerMatters(t *testing.T) {
	vectors, chains := readVectors(t), readChains(t)
	// What each request gives as a whole, and which layers its hits went through: those are where leaving one out must show.
	var sents []decode.Sent
	for _, v := range vectors {
		sents = append(sents, v.leak)
	}
	for _, c := range chains[:40] {
		sents = append(sents, decode.Sent{Body: c.Leak})
	}
	outcome := func(s *Searcher, sent decode.Sent) (string, []string) {
		var b strings.Builder
		var through []string
		for _, h := range s.Search(sent).Hits {
			fmt.Fprintln(&b, h.Needle, h.Class, h.Location)
			through = append(through, h.Transforms...)
		}
		return b.String(), through
	}
	all, err := NewSearcher(vectorNeedles(), decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	whole := make([]string, len(sents))
	likely := map[string][]int{}
	for i, sent := range sents {
		var through []string
		whole[i], through = outcome(all, sent)
		slices.Sort(through)
		for _, l := range slices.Compact(through) {
			likely[l] = append(likely[l], i)
		}
	}
	needed := func(layer string) bool {
		s, err := NewSearcher(vectorNeedles(), decode.Limits{Off: layer})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range likely[layer] {
			if got, _ := outcome(s, sents[i]); got != whole[i] {
				return true
			}
		}
		for i, sent := range sents { // a layer that no hit names
			if got, _ := outcome(s, sent); got != whole[i] {
				return true
			}
		}
		return false
	}
	known := map[string]bool{}
	for _, l := range decode.Layers() {
		known[l.Name] = true
		if !needed(l.Name) {
			t.Errorf("no vector needs the layer %q", l.Name)
		}
	}
	// And the other way round: whatever a hit says it went through is a layer that is listed.
	// And so is every derivation: without it the vector that names it would not be found by that name.
	derived := derivedNames(t)
	met := map[string]bool{}
	for _, v := range vectors {
		for _, h := range all.Search(v.leak).Hits {
			for _, tr := range h.Transforms {
				met[tr] = true
				if !known[tr] && !derived[tr] {
					t.Errorf("%s: transform %q is neither a layer nor a derivation", v.name, tr)
				}
			}
		}
	}
	for name := range derived {
		if !met[name] {
			t.Errorf("no vector needs the derivation %q", name)
		}
	}
}

// derivedNames are the transforms that a searcher adds.
func derivedNames(t *testing.T) map[string]bool {
	names := map[string]bool{"case": true, "md5": true, "sha1": true, "sha224": true, "sha256": true, "sha384": true, "sha512": true, "middle": true, "uuid": true, "salted": true, "hmac": true}
	for i, n := range vectorNeedles() {
		d := derive(int32(i), n)
		for _, p := range d.patterns {
			for _, x := range p.names {
				names[x] = true
			}
		}
		for _, in := range d.inputs {
			for _, x := range in.names {
				names[x] = true
			}
		}
	}
	return names
}
