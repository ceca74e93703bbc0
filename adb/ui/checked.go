package ui

// Checked is the state that a [Selector] wants of a switch or a box. Only nodes that the dump calls checkable have one:
// whatever shows no state is neither on nor off.
type Checked string

// The states of a switch.
const (
	On  Checked = "on"
	Off Checked = "off"
)

// checked is the state of a checkable node.
func (n *Node) checked() Checked {
	if n.Checked {
		return On
	}
	return Off
}

// Bounds on the look for a switch around its label: lines of settings are a few layouts deep.
const (
	maxSwitchLevels = 6
	maxSwitchNodes  = 200
)

// SwitchOf returns the switch that belongs to a node: the node itself, the line around it that is the switch as a whole
// (Compose), or the only one within the line that a tap on the node would hit (Android's preferences have the switch
// beside the title). It is nil where there is none, or more than one, so that no state is guessed.
func (t *Tree) SwitchOf(n *Node) *Node { return t.switches().of(n) }

// switches finds the switches that belong to the nodes of one tree.
type switches struct {
	parents map[*Node]*Node
	within  map[*Node]found // by line, what was found in it
}

// found is what a line holds: one switch, or so many that none is meant.
type found struct {
	one  *Node
	many bool
}

func (t *Tree) switches() *switches {
	s := &switches{parents: map[*Node]*Node{}, within: map[*Node]found{}}
	for n := range t.all() {
		for _, c := range n.Children {
			s.parents[c] = n
		}
	}
	return s
}

func (s *switches) of(n *Node) *Node {
	if n.Checkable {
		return n
	}
	for range maxSwitchLevels {
		line := n
		if !line.Clickable { // a line that reacts is the end of what belongs together
			if line = s.parents[n]; line == nil || line.Scrollable {
				return nil
			}
		}
		if line.Checkable {
			return line
		}
		f, known := s.within[line]
		if !known {
			f = search(line)
			s.within[line] = f
		}
		if f.one != nil || f.many || line.Clickable {
			return f.one
		}
		n = line
	}
	return nil
}

// search looks for switches below a line, but not for those of other lines in it: what reacts by itself, what scrolls, and
// what is a line as a whole.
func search(line *Node) found {
	var f found
	seen := 0
	rest := [][]*Node{line.Children}
	for len(rest) > 0 {
		list := rest[len(rest)-1]
		if len(list) == 0 {
			rest = rest[:len(rest)-1]
			continue
		}
		n := list[0]
		rest[len(rest)-1] = list[1:]
		if seen++; seen > maxSwitchNodes {
			return found{many: true}
		}
		switch {
		case n.Checkable && len(n.Children) == 0:
			if f.one != nil {
				return found{many: true}
			}
			f.one = n
		case !n.Checkable && !n.Clickable && !n.Scrollable:
			rest = append(rest, n.Children)
		}
	}
	return f
}
