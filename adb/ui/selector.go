package ui

import (
	"fmt"
	"slices"
	"strings"
)

// Selector finds nodes. Every field that is not empty must match; Texts and Descs are alternatives, one per locale,
// compared without regard to case. Checked is what the switch that belongs to the node ([Tree.SwitchOf]) must be, and
// matches nothing alone. Percent is a point in hundredths of the screen, for [Screen.Tap] to fall back on; it matches no
// node.
type Selector struct {
	ID      string // resource-id, whole
	Texts   []string
	Descs   []string
	Class   string
	Percent [2]int
	Package string
	Checked Checked // On or Off; empty for whatever has a state or none
}

func (s Selector) String() string {
	var parts []string
	add := func(name string, values ...string) {
		var q []string
		for _, v := range values {
			if v != "" {
				q = append(q, quote(v))
			}
		}
		if len(q) > 0 {
			parts = append(parts, name+" "+strings.Join(q, "|"))
		}
	}
	add("id", s.ID)
	add("text", s.Texts...)
	add("desc", s.Descs...)
	add("class", s.Class)
	add("package", s.Package)
	if s.Checked != "" {
		parts = append(parts, "switched "+string(s.Checked))
	}
	if s.Percent != [2]int{} {
		parts = append(parts, fmt.Sprintf("point %d%%,%d%%", s.Percent[0], s.Percent[1]))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// Find returns the first node that a selector matches, nil if there is none.
func (t *Tree) Find(s Selector) *Node {
	if all := t.FindAll(s); len(all) > 0 {
		return all[0]
	}
	return nil
}

// FindAll returns the nodes that a selector matches, in the order of the dump: those whose text is exactly one of the
// wanted, but for case; if there is none, those whose text is so without blanks around it.
func (t *Tree) FindAll(s Selector) []*Node {
	exact := t.match(s, strings.EqualFold)
	if len(exact) > 0 || len(s.Texts)+len(s.Descs) == 0 {
		return exact
	}
	return t.match(s, func(a, b string) bool { return strings.EqualFold(trim(a), trim(b)) })
}

// trim takes off white space, no-break spaces and marks of direction, with which some locales wrap texts.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return strings.ContainsRune(" \t\n\u00a0\u200b\u200e\u200f\u2068\u2069", r)
	})
}

func (t *Tree) match(s Selector, same func(a, b string) bool) []*Node {
	if s.empty() {
		return nil
	}
	among := func(wanted []string, got string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return w != "" && same(w, got) })
	}
	var all *switches
	if s.Checked != "" {
		all = t.switches()
	}
	as := func(n *Node) bool {
		if all == nil {
			return true
		}
		of := all.of(n)
		return of != nil && of.checked() == s.Checked
	}
	var out []*Node
	for n := range t.all() {
		if (s.ID == "" || n.ID == s.ID) && (s.Class == "" || n.Class == s.Class) && (s.Package == "" || n.Package == s.Package) &&
			among(s.Texts, n.Text) && among(s.Descs, n.Desc) && as(n) {
			out = append(out, n)
		}
	}
	return out
}

// empty says that a selector can match no node: it is a point, or nothing at all.
func (s Selector) empty() bool {
	return s.ID == "" && len(s.Texts) == 0 && len(s.Descs) == 0 && s.Class == "" && s.Package == ""
}
