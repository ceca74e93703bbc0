// Package telltale_test holds the architecture: who may import whom, which library lives behind which wall, and what no
// file may contain. It only reads source files; it never builds, runs or lists packages, so a cached result is not stale.
package telltale_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/telltale-farm/telltale/"

// mayImport is the table of docs/architecture.md: what the code of a package may import of ours. A name that ends in
// /... stands for a package and all below it. Packages below harness/virtual may import one another.
var mayImport = map[string][]string{
	"adb":                       {},
	"adb/adbtest":               {"adb", "adb/ui"}, // every phone must also pass on its screen
	"adb/ui":                    {"adb"},
	"assertions":                {"capture/flow", "assertions/leak"},
	"assertions/leak":           {"capture/flow", "capture/record", "capture/decode"},
	"assertions/leak/leaktest":  {"capture/flow", "capture/record", "assertions/leak"}, // makes bundles for tests
	"capture":                   {"capture/flow", "capture/record"},
	"capture/decode":            {"capture/flow"},
	"capture/flow":              {},
	"capture/flow/safe":         {},
	"capture/record":            {"capture/flow"},
	"cmd/telltale":              {"adb/...", "assertions/leak", "capture/...", "harness", "harness/action", "harness/ask", "harness/evidence", "harness/profile", "harness/virtual/...", "harness/world"},
	"harness":                   {"harness/apk", "harness/profile", "adb", "adb/ui", "capture", "capture/flow", "capture/record", "assertions/leak", "harness/evidence"},
	"harness/action":            {"harness", "adb", "adb/ui", "assertions/leak", "harness/profile"},
	"harness/apk":               {},
	"harness/ask":               {"capture", "capture/flow", "harness/evidence"},
	"harness/evidence":          {"capture/flow", "capture/record", "capture/decode", "assertions/leak", "harness/profile"},
	"harness/matrix":            {}, // tests alone
	"harness/profile":           {},
	"harness/profile/catalogue": {},
	"harness/relay":             {},
	"harness/spec":              {"harness", "harness/action", "harness/profile", "harness/evidence", "harness/world", "assertions/leak"},
	"harness/virtual/...":       {"harness/profile", "harness/virtual/..."},
	"harness/world":             {"harness/profile", "adb", "harness/virtual/..."},
	"scenarios":                 {"harness/spec", "harness/action", "harness", "harness/profile", "assertions/leak", "assertions"},
}

// catalogueReaders are the packages that may ask the catalogue of apps.
var catalogueReaders = []string{"harness/profile", "harness", "harness/action", "harness/spec", "cmd/telltale"}

// walls are the libraries that live behind one package. inTests are the packages whose test files may use them too;
// "..." stands for every package.
var walls = []struct {
	library string
	in      []string
	inTests []string
}{
	{"github.com/electricbubble/gadb", []string{"adb"}, []string{"adb"}},
	{"github.com/elazarl/goproxy", []string{"capture"}, []string{"capture"}},
	{"github.com/onsi/ginkgo", []string{"harness/spec", "scenarios"}, []string{"harness/spec", "scenarios"}},
	{"github.com/onsi/gomega", []string{"assertions", "scenarios"}, []string{"..."}},
}

// manifestReader is the only file outside the virtual phones that may touch a leak manifest.
const manifestReader = "end_to_end_test.go"

var (
	catchAll = regexp.MustCompile(`^(util|utils|common|helper|helpers|manager|misc|shared|base|lib)$`)
	refusal  = regexp.MustCompile(`(?i)\b(refuse[sd]?|never|not?|nothing|nobody|none|neither|without|only|cannot|alone)\b`)
	unfinish = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)
)

const longestFile = 400

// source is one Go file.
type source struct {
	name    string // path from the root, with slashes
	lines   int
	imports []string
	syntax  *ast.File
	fset    *token.FileSet
	text    []byte
}

func (s source) folder() string { return path.Dir(s.name) }
func (s source) test() bool     { return strings.HasSuffix(s.name, "_test.go") }

func parse(name string, text []byte) (source, error) {
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	s := source{name: name, lines: bytes.Count(text, []byte("\n")), syntax: syntax, fset: fset, text: text}
	for _, i := range syntax.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return source{}, err
		}
		s.imports = append(s.imports, p)
	}
	return s, nil
}

func TestArchitecture(t *testing.T) {
	var all []source
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (name != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || name == "bin" || name == "evidence") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || name == "architecture_test.go" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		s, err := parse(name, text)
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d files were found", len(all))
	}
	for _, v := range violations(all) {
		t.Error(v)
	}
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for row := range mayImport {
		if !slices.ContainsFunc(all, func(s source) bool { return within(row, s.folder()) }) {
			t.Errorf("the table of layers has a row for %s, which is no package", row)
		}
		if !bytes.Contains(page, []byte("`"+row+"`")) {
			t.Errorf("docs/architecture.md has no row for %s", row)
		}
	}
}

// violations judges a tree of files, and says what is wrong in the order of the files.
func violations(all []source) []string {
	var bad []string
	comments, code := map[string]string{}, map[string]bool{}
	for _, s := range all {
		for _, v := range slices.Concat(layers(s), libraries(s), contents(s)) {
			bad = append(bad, s.name+": "+v)
		}
		if !s.test() {
			code[s.folder()] = true
			if s.syntax.Doc != nil {
				comments[s.folder()] = s.syntax.Doc.Text()
			}
		}
	}
	for _, s := range all {
		if f := s.folder(); code[f] {
			code[f] = false // once a folder
			switch doc := comments[f]; {
			case doc == "":
				bad = append(bad, f+": the package has no comment that says what it is for, and what it refuses")
			case !refusal.MatchString(doc):
				bad = append(bad, f+": the package comment does not say what the package refuses")
			}
		}
	}
	return bad
}

// layers checks the imports of our own packages.
func layers(s source) []string {
	var bad []string
	allowed, known := mayImport[s.folder()]
	virtual := within("harness/virtual/...", s.folder())
	if virtual {
		allowed, known = mayImport["harness/virtual/..."], true
	}
	if !known {
		return []string{s.folder() + " has no row in the table of layers (architecture_test.go, docs/architecture.md)"}
	}
	for _, i := range s.imports {
		ours, is := strings.CutPrefix(i, module)
		if !is {
			continue
		}
		switch {
		case within("harness/virtual/manifest", ours) && !virtual && path.Base(s.name) != manifestReader:
			bad = append(bad, "leak manifests may be read by "+manifestReader+" alone")
		case virtual && (within("capture/...", ours) || within("assertions/...", ours)):
			bad = append(bad, "virtual phones share nothing with the detector: not "+ours)
		case ours == "scenarios" || (ours == "harness/spec" || ours == "assertions") && s.folder() == "cmd/telltale":
			bad = append(bad, "must not import "+ours+", which brings ginkgo's flags or gomega")
		case s.test() || ours == s.folder():
			// Test files may also import what they test against.
		case ours == "capture/flow/safe" && !virtual:
		case ours == "harness/profile/catalogue" && slices.Contains(catalogueReaders, s.folder()):
		case !slices.ContainsFunc(allowed, func(a string) bool { return within(a, ours) }):
			bad = append(bad, "must not import "+ours)
		}
	}
	return bad
}

// libraries checks the walls.
func libraries(s source) []string {
	var bad []string
	for _, i := range s.imports {
		for _, w := range walls {
			in := w.in
			if s.test() {
				in = w.inTests
			}
			if (i == w.library || strings.HasPrefix(i, w.library+"/")) && !slices.Contains(in, s.folder()) && !slices.Contains(in, "...") {
				bad = append(bad, i+" may be imported by "+strings.Join(w.in, " and ")+" only")
			}
		}
	}
	return bad
}

// contents checks what a file holds.
func contents(s source) []string {
	var bad []string
	if s.lines > longestFile {
		bad = append(bad, fmt.Sprintf("has %d lines, %d are the most: split it by ideas", s.lines, longestFile))
	}
	if name := s.syntax.Name.Name; catchAll.MatchString(strings.TrimSuffix(name, "_test")) {
		bad = append(bad, "package "+name+" is named for no idea")
	}
	if m := unfinish.Find(s.text); m != nil {
		bad = append(bad, "says "+string(m)+": finish it or write it down in docs/limits.md")
	}
	if s.test() {
		return bad
	}
	clock := ""
	for _, i := range s.syntax.Imports {
		if i.Path.Value == `"time"` {
			clock = "time"
			if i.Name != nil {
				clock = i.Name.Name
			}
		}
	}
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && clock != "" && x.Name == clock && n.Sel.Name == "Sleep" {
				bad = append(bad, fmt.Sprintf("line %d sleeps: wait for a condition, with a context", s.fset.Position(n.Pos()).Line))
			}
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				bad = append(bad, fmt.Sprintf("line %d registers in init: let the caller say so", s.fset.Position(n.Pos()).Line))
			}
		}
		return true
	})
	return bad
}

// within says whether a package is the one named, or below it when the name ends in /...
func within(name, pkg string) bool {
	if root, ok := strings.CutSuffix(name, "/..."); ok {
		return pkg == root || strings.HasPrefix(pkg, root+"/")
	}
	return pkg == name
}

func TestArchitectureSeesWhatIsWrong(t *testing.T) {
	const doc = "// Package p is for tests. It refuses the rest.\n"
	imports := func(paths ...string) string {
		s := doc + "package p\n"
		for _, p := range paths {
			s += "import _ \"" + strings.Replace(p, "~", module, 1) + "\"\n"
		}
		return s
	}
	tests := []struct {
		name, file, text string
		want             string // part of the violation; empty: none
	}{
		{"down the layers", "harness/action/a.go", imports("~harness", "~adb/ui", "~harness/profile/catalogue"), ""},
		{"up the layers", "adb/a.go", imports("~harness"), "adb/a.go: must not import harness"},
		{"sideways", "capture/decode/a.go", imports("~capture/record"), "must not import capture/record"},
		{"a folder is not its parent", "adb/ui/a.go", imports("~adb"), ""},
		{"the parent does not import its folder", "adb/a.go", imports("~adb/ui"), "must not import adb/ui"},
		{"unknown package", "harness/other/a.go", imports(), "harness/other has no row"},
		{"virtual and the detector", "harness/virtual/apps/a.go", imports("~capture/decode"), "share nothing with the detector"},
		{"virtual and the detector, in a test", "harness/virtual/apps/a_test.go", imports("~assertions/leak"), "share nothing with the detector"},
		{"virtual and adb", "harness/virtual/adbd/a.go", imports("~adb"), "must not import adb"},
		{"virtual and adb, in a test", "harness/virtual/adbd/a_test.go", imports("~adb"), ""},
		{"virtual and safe text", "harness/virtual/shell/a.go", imports("~capture/flow/safe"), "share nothing with the detector"},
		{"virtual among themselves", "harness/virtual/shell/a.go", imports("~harness/virtual/phone", "~harness/profile"), ""},
		{"harness and virtual", "harness/a.go", imports("~harness/virtual"), "must not import harness/virtual"},
		{"harness and virtual, in a test", "harness/a_test.go", imports("~harness/virtual"), ""},
		{"world and virtual", "harness/world/a.go", imports("~harness/virtual/internet"), ""},
		{"manifest from the command line", "cmd/telltale/a.go", imports("~harness/virtual/manifest"), "leak manifests"},
		{"manifest from a test", "harness/spec/a_test.go", imports("~harness/virtual/manifest"), "leak manifests"},
		{"manifest from the end-to-end test", "cmd/telltale/end_to_end_test.go", imports("~harness/virtual/manifest"), ""},
		{"manifest from a virtual phone", "harness/virtual/apps/a.go", imports("~harness/virtual/manifest"), ""},
		{"safe text anywhere", "adb/a.go", imports("~capture/flow/safe"), ""},
		{"catalogue from the judge", "assertions/leak/a.go", imports("~harness/profile/catalogue"), "must not import harness/profile/catalogue"},
		{"command line and spec", "cmd/telltale/a_test.go", imports("~harness/spec"), "brings ginkgo"},
		{"command line and matchers", "cmd/telltale/a.go", imports("~assertions"), "brings ginkgo"},
		{"command line and the judge", "cmd/telltale/a.go", imports("~assertions/leak"), ""},
		{"gadb outside", "harness/a.go", imports("github.com/electricbubble/gadb"), "may be imported by adb only"},
		{"gadb outside, in a test", "harness/a_test.go", imports("github.com/electricbubble/gadb"), "may be imported by adb only"},
		{"gadb inside", "adb/a.go", imports("github.com/electricbubble/gadb"), ""},
		{"goproxy below its wall", "capture/record/a.go", imports("github.com/elazarl/goproxy/ext/har"), "may be imported by capture only"},
		{"a library that is named alike", "harness/a.go", imports("github.com/elazarl/goproxyx"), ""},
		{"ginkgo outside", "cmd/telltale/a.go", imports("github.com/onsi/ginkgo/v2"), "may be imported by harness/spec and scenarios only"},
		{"gomega in code", "harness/a.go", imports("github.com/onsi/gomega"), "may be imported by assertions and scenarios only"},
		{"gomega in a test", "harness/a_test.go", imports("github.com/onsi/gomega"), ""},
		{"no comment", "adb/a.go", "package adb\n", "adb: the package has no comment"},
		{"a comment without a refusal", "adb/a.go", "// Package adb drives phones.\npackage adb\n", "does not say what the package refuses"},
		{"catch-all name", "adb/a.go", doc + "package util\n", "is named for no idea"},
		{"too long", "adb/a.go", doc + "package p\n" + strings.Repeat("\n", 400), "has 402 lines"},
		{"long enough", "adb/a.go", doc + "package p\n" + strings.Repeat("\n", 398), ""},
		{"a sleep", "adb/a.go", doc + "package p\nimport \"time\"\nfunc f() { time.Sleep(1) }\n", "line 4 sleeps"},
		{"a sleep under another name", "adb/a.go", doc + "package p\nimport t \"time\"\nvar f = t.Sleep\n", "line 4 sleeps"},
		{"a sleep in a test", "adb/a_test.go", "package p\nimport \"time\"\nfunc f() { time.Sleep(1) }\n", ""},
		{"somebody else's Sleep", "adb/a.go", doc + "package p\nimport \"time\"\nvar p phone\nfunc f(d time.Duration) { p.Sleep() }\n", ""},
		{"init", "adb/a.go", doc + "package p\nfunc init() {}\n", "registers in init"},
		{"unfinished", "adb/a.go", doc + "package p\n// TO" + "DO: more\n", "finish it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := parse(tt.file, []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got := violations([]source{s})
			if tt.want == "" && len(got) > 0 {
				t.Errorf("got %q, want none", got)
			}
			if tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
				t.Errorf("got %q, want one with %q", got, tt.want)
			}
		})
	}
}

// TestEveryScenarioIsInTheTable holds docs/writing-scenarios.md to the scenarios that are registered.
func TestEveryScenarioIsInTheTable(t *testing.T) {
	page, err := os.ReadFile("docs/writing-scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(os.DirFS("scenarios"), "*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	registered := map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile("scenarios/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`spec\.Scenario\("([^"]+)"`).FindAllSubmatch(text, -1) {
			registered[string(m[1])] = true
		}
	}
	if len(registered) < 3 {
		t.Fatalf("only %d scenarios were found", len(registered))
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z ]+)` \\| ").FindAllSubmatch(page, -1) {
		listed[string(m[1])] = true
	}
	for name := range registered {
		if !listed[name] {
			t.Errorf("docs/writing-scenarios.md has no row for %q", name)
		}
	}
	for name := range listed {
		if !registered[name] {
			t.Errorf("docs/writing-scenarios.md has a row for %q, which no file registers", name)
		}
	}
}
