package ui

import (
	"iter"
	"strings"
)

// Rect is a rectangle in pixels: left, top, right, bottom. Dumps also hold empty and inverted ones.
type Rect struct{ L, T, R, B int }

// Empty says that there is nothing to touch.
func (r Rect) Empty() bool { return r.R <= r.L || r.B <= r.T }

// Center is the point to touch.
func (r Rect) Center() (x, y int) { return r.L + (r.R-r.L)/2, r.T + (r.B-r.T)/2 }

// Node is a view on the screen.
type Node struct {
	Text, ID, Class, Package, Desc, Hint string
	Clickable, Enabled, Focused          bool
	Checkable, Checked, Scrollable       bool
	Password, Selected                   bool
	Bounds                               Rect
	Children                             []*Node
}

// String names a node for an error text.
func (n *Node) String() string {
	var t strings.Builder
	class := n.Class
	if at := strings.LastIndexByte(class, '.'); at >= 0 {
		class = class[at+1:]
	}
	if strings.ContainsFunc(class, func(r rune) bool { return r <= ' ' || r > '~' }) {
		class = quote(class)
	}
	t.WriteString(shorten(class))
	for _, a := range []struct{ name, value string }{{"text", n.Text}, {"desc", n.Desc}, {"id", n.ID}} {
		if a.value != "" {
			t.WriteString(" " + a.name + "=" + quote(a.value))
		}
	}
	if n.Checkable {
		t.WriteString(" switched " + string(n.checked()))
	}
	return t.String()
}

// Tree is what one dump showed.
type Tree struct {
	Rotation int     // in quarter turns
	Roots    []*Node // children of the hierarchy
	XML      []byte  // as the phone wrote it
}

// Nodes lists all nodes, in the order of the dump.
func (t *Tree) Nodes() []*Node {
	var out []*Node
	for n := range t.all() {
		out = append(out, n)
	}
	return out
}

func (t *Tree) all() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		stack := make([]*Node, 0, 64)
		push := func(list []*Node) {
			for i := len(list) - 1; i >= 0; i-- {
				stack = append(stack, list[i])
			}
		}
		for push(t.Roots); len(stack) > 0; {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if !yield(n) {
				return
			}
			push(n.Children)
		}
	}
}
