package leak

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/decode"
)

const (
	encodingsDoc    = "../../docs/encodings.md"
	encodingsMarker = "<!-- made by go test ./assertions/leak -update-encodings; do not edit below -->\n"
)

// TestEncodingsDoc holds the tables of docs/encodings.md to what the vectors give.
func TestEncodingsDoc(t *testing.T) {
	b, err := os.ReadFile(encodingsDoc)
	if err != nil {
		t.Fatal(err)
	}
	head, tables, ok := strings.Cut(string(b), encodingsMarker)
	if !ok {
		t.Fatalf("%s has no line %q", encodingsDoc, encodingsMarker)
	}
	want := "\n" + encodingTables(t)
	if *updateSearch {
		if err := os.WriteFile(encodingsDoc, []byte(head+encodingsMarker+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if tables != want {
		t.Errorf("%s is not what the vectors give; go test ./assertions/leak -run %s -update-encodings writes it again", encodingsDoc, t.Name())
	}
}

func encodingTables(t *testing.T) string {
	s, err := NewSearcher(vectorNeedles(), decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]int{}
	var rows strings.Builder
	for _, v := range readVectors(t) {
		r := s.Search(v.leak)
		best, through := map[string]string{}, map[string]bool{}
		for _, h := range r.Hits {
			for _, tr := range h.Transforms {
				through[tr] = true
			}
			if h.Class != ClassPart && (best[h.Needle] == "" || classRank(h.Class) < classRank(best[h.Needle])) {
				best[h.Needle] = h.Class
			}
		}
		for tr := range through {
			uses[tr]++
		}
		var found []string
		for _, n := range vectorNeedles() {
			if c := best[n.ID]; c != "" {
				if c != ClassExact {
					n.ID += " (" + c + ")"
				}
				found = append(found, n.ID)
			}
		}
		opaque := ""
		if len(r.Opaque) > 0 {
			opaque = r.Opaque[0].Reason
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s |\n", v.name, v.madeBy, strings.Join(found, ", "), opaque)
	}
	var b strings.Builder
	b.WriteString("## Layers\n\n| layer | what it is | vectors found through it |\n|---|---|--:|\n")
	for _, l := range decode.Layers() {
		what := l.What
		if what == "" {
			what = "the format of that name"
		}
		fmt.Fprintf(&b, "| %s | %s | %d |\n", l.Name, strings.ReplaceAll(what, "|", `\|`), uses[l.Name])
	}
	b.WriteString("\n## Vectors\n\n| request | made by | found | opaque |\n|---|---|---|---|\n")
	return b.String() + rows.String()
}
