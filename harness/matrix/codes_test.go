package matrix

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// reasonCodes are all codes that a verdict may give, as the product's source has them. docs/verdicts.md must have the same.
func reasonCodes(t *testing.T) []leak.Code {
	t.Helper()
	const source, docs = "../../assertions/leak/outputs.go", "../../docs/verdicts.md"
	f, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []leak.Code
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.ValueSpec)
		if kind, isName := typeOf(s, ok); !isName || kind != "Code" {
			return true
		}
		for _, v := range s.Values {
			text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, leak.Code(text))
		}
		return true
	})
	raw, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(raw), "\n| code | when |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var said []leak.Code
	for line := range strings.Lines(table) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		for _, m := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(first, -1) {
			said = append(said, leak.Code(m[1]))
		}
	}
	slices.Sort(out)
	slices.Sort(said)
	if !slices.Equal(out, said) || len(out) == 0 {
		t.Errorf("%s has the codes %v, %s %v", source, out, docs, said)
	}
	return out
}

// typeOf is the name of the type that a declaration says its values have.
func typeOf(s *ast.ValueSpec, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	name, ok := s.Type.(*ast.Ident)
	if !ok {
		return "", false
	}
	return name.Name, true
}
