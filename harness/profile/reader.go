package profile

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// reader walks the syntax tree of one file. It keeps the first error; after that every method returns a zero value, so
// that the sections read straight down.
type reader struct {
	file string // as the caller named it
	dir  string // that relative paths start from
	src  []byte
	err  *Error
}

// entry is one key with its value, in the order of the file.
type entry struct {
	key   ast.Node
	name  string
	value ast.Node
}

// failAt records what is wrong at a place.
func (r *reader) failAt(line, column int, remedy, format string, args ...any) {
	if r.err != nil {
		return
	}
	r.err = &Error{File: r.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...), Remedy: remedy,
		Snippet: snippet(r.src, line, column)}
}

// fail records what is wrong with a node.
func (r *reader) fail(n ast.Node, remedy, format string, args ...any) {
	p := position(n)
	r.failAt(p.Line, p.Column, remedy, format, args...)
}

// position is where a node begins. That of a mapping is its first key.
func position(n ast.Node) *token.Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return position(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return position(n.Key)
	}
	if n != nil {
		if t := n.GetToken(); t != nil && t.Position != nil {
			return t.Position
		}
	}
	return &token.Position{Line: 1, Column: 1}
}

// entries reads a mapping with keys that are not known beforehand. what names it in messages.
func (r *reader) entries(n ast.Node, what string) []entry {
	if r.err != nil {
		return nil
	}
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		r.wrong(n, what, "a mapping (key: value)")
		return nil
	}
	seen := map[string]int{}
	var all []entry
	for _, v := range values {
		e := entry{key: v.Key, value: v.Value}
		if !r.plain(e.key) || !r.plain(e.value) {
			return nil
		}
		scalar, ok := v.Key.(ast.ScalarNode)
		if !ok {
			r.fail(v.Key, "write a plain word before the colon", "a key of %s is not a word", what)
			return nil
		}
		e.name = scalar.GetToken().Value
		if line, dup := seen[e.name]; dup {
			r.fail(e.key, "remove one of them", "key %q of %s stands here for the second time, first in line %d", e.name, what, line)
			return nil
		}
		seen[e.name] = position(e.key).Line
		all = append(all, e)
	}
	return all
}

// verdictKey matches keys by which a file would say what it wants to be found.
var verdictKey = regexp.MustCompile(`(?i)verdict|outcome|leak|xfail|known_?fail|expect_?(clean|fail|pass|inconclusive)`)

// object reads a mapping with known keys, and returns the values by key.
func (r *reader) object(n ast.Node, what string, known ...string) map[string]ast.Node {
	fields := map[string]ast.Node{}
	for _, e := range r.entries(n, what) {
		switch {
		case contains(known, e.name):
			fields[e.name] = e.value
		case verdictKey.MatchString(e.name):
			r.failVerdict(e)
		case isNull(e.value) && strings.Contains(e.name, " "):
			r.fail(e.key, "put quotes around a text that has a comma in it", "%s has no key %q", what, e.name)
		default:
			r.fail(e.key, didYouMean(e.name, known), "%s has no key %q", what, e.name)
		}
		if r.err != nil {
			return map[string]ast.Node{}
		}
	}
	return fields
}

func (r *reader) failVerdict(e entry) {
	r.fail(e.key, "remove it, and compare with an earlier run: telltale diff OLD NEW",
		"%q: expected verdicts do not belong here, for a file that says what may leak makes the result worthless", e.name)
}

// require fails when a key is missing. n is the mapping it is missing from.
func (r *reader) require(n ast.Node, what string, fields map[string]ast.Node, keys ...string) {
	for _, k := range keys {
		if fields[k] == nil {
			r.fail(n, "add "+k+": ...", "%s has no %s", what, k)
		}
	}
}

// list reads a sequence.
func (r *reader) list(n ast.Node, what string) []ast.Node {
	if r.err != nil || n == nil {
		return nil
	}
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.wrong(n, what, "a list ([a, b], or a line with - for each)")
		return nil
	}
	for _, v := range s.Values {
		if !r.plain(v) {
			return nil
		}
	}
	return s.Values
}

// text reads a word. Numbers are words too, as they stand in the file: a serial may be all digits.
func (r *reader) text(n ast.Node, what string) string {
	if r.err != nil {
		return ""
	}
	switch n := n.(type) {
	case *ast.StringNode:
		if n.Value == "" {
			r.fail(n, "give it a value or remove it", "%s is empty", what)
		}
		return n.Value
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value
	}
	r.wrong(n, what, "a word")
	return ""
}

// integer reads a whole number within bounds.
func (r *reader) integer(n ast.Node, what string, lo, hi int) int {
	if r.err != nil {
		return 0
	}
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		r.wrong(n, what, "a whole number")
		return 0
	}
	v, err := strconv.Atoi(i.GetToken().Value)
	if err != nil || v < lo || v > hi {
		upto := " or more"
		if hi != math.MaxInt {
			upto = fmt.Sprintf(" to %d", hi)
		}
		r.fail(n, fmt.Sprintf("it can be %d%s", lo, upto), "%s is %s", what, shown(i.GetToken().Value))
		return 0
	}
	return v
}

// boolean reads true or false.
func (r *reader) boolean(n ast.Node, what string) bool {
	if r.err != nil {
		return false
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		r.wrong(n, what, "true or false")
		return false
	}
	return b.Value
}

// plain refuses what a list of phones has no use for, and what could make it mean something else than it shows.
func (r *reader) plain(n ast.Node) bool {
	var what string
	switch n.(type) {
	case *ast.AnchorNode:
		what = "an anchor (&)"
	case *ast.AliasNode:
		what = "an alias (*)"
	case *ast.MergeKeyNode:
		what = "a merge key (<<)"
	case *ast.TagNode:
		what = "a tag (!)"
	default:
		return true
	}
	r.fail(n, "write the value out; settings that all phones share go under defaults; put quotes around a * that is meant as text", "%s is not allowed", what)
	return false
}

// wrong records that a value is of another type.
func (r *reader) wrong(n ast.Node, what, want string) {
	got := "something else"
	switch n := n.(type) {
	case *ast.NullNode:
		r.fail(n, "give it a value or remove the key", "%s has no value, it must be %s", what, want)
		return
	case *ast.MappingNode, *ast.MappingValueNode:
		got = "a mapping"
	case *ast.SequenceNode:
		got = "a list"
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		got = shown(n.GetToken().Value)
	case *ast.LiteralNode:
		got = "a block of text"
	}
	remedy := "correct the value"
	if _, ok := n.(*ast.BoolNode); ok && want == "a word" {
		remedy = "put it in quotes if the word is meant"
	}
	r.fail(n, remedy, "%s is %s, it must be %s", what, got, want)
}

// shown is a value as a message shows it: quoted, and not longer than a line.
func shown(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:57], "") + "..."
	}
	return strconv.Quote(s)
}

func isNull(n ast.Node) bool {
	_, ok := n.(*ast.NullNode)
	return ok
}

func contains(all []string, s string) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}
