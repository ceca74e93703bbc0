package ui

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
)

// Bounds on what a phone may make us read.
const (
	maxXML   = 8 << 20
	maxNodes = 50_000
	maxDepth = 512
)

// Parse reads the XML of a dump. It must be whole: a hierarchy that begins and ends. Attributes that are not known are
// ignored.
func Parse(text []byte) (*Tree, error) {
	if len(text) > maxXML {
		return nil, fmt.Errorf("a dump of %d bytes, more than %d", len(text), maxXML)
	}
	if !bytes.Contains(text, []byte("</hierarchy>")) {
		return nil, errors.New("a dump that is cut off")
	}
	t := &Tree{XML: text}
	var open []*Node
	count, inside, closed := 0, false, false
	dec := xml.NewDecoder(bytes.NewReader(text))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading a dump: %w", err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			switch {
			case e.Name.Local == "hierarchy" && !inside && !closed:
				inside = true
				t.Rotation = number(attrs(e)["rotation"]) & 3
			case e.Name.Local == "node" && inside && !closed:
				if count++; count > maxNodes || len(open) >= maxDepth {
					return nil, fmt.Errorf("a dump of more than %d nodes or %d levels", maxNodes, maxDepth)
				}
				n := newNode(attrs(e))
				if len(open) == 0 {
					t.Roots = append(t.Roots, n)
				} else {
					parent := open[len(open)-1]
					parent.Children = append(parent.Children, n)
				}
				open = append(open, n)
			default:
				return nil, fmt.Errorf("element %s in a dump", quote(e.Name.Local))
			}
		case xml.EndElement:
			if e.Name.Local == "node" {
				open = open[:len(open)-1]
			} else {
				closed = true
			}
		}
	}
	if !closed {
		return nil, errors.New("a dump without a hierarchy")
	}
	return t, nil
}

func attrs(e xml.StartElement) map[string]string {
	out := make(map[string]string, len(e.Attr))
	for _, a := range e.Attr {
		out[a.Name.Local] = a.Value
	}
	return out
}

func newNode(a map[string]string) *Node {
	on := func(name string) bool { return a[name] == "true" }
	return &Node{
		Text: a["text"], ID: a["resource-id"], Class: a["class"], Package: a["package"], Desc: a["content-desc"], Hint: a["hint"],
		Clickable: on("clickable"), Enabled: on("enabled"), Focused: on("focused"),
		Checkable: on("checkable"), Checked: on("checked"), Scrollable: on("scrollable"),
		Password: on("password"), Selected: on("selected"), Bounds: bounds(a["bounds"]),
	}
}

var boundsForm = regexp.MustCompile(`^\[(-?\d{1,6}),(-?\d{1,6})\]\[(-?\d{1,6}),(-?\d{1,6})\]$`)

// bounds reads "[l,t][r,b]"; anything else is an empty rectangle, which cannot be touched.
func bounds(s string) Rect {
	m := boundsForm.FindStringSubmatch(s)
	if m == nil {
		return Rect{}
	}
	return Rect{number(m[1]), number(m[2]), number(m[3]), number(m[4])}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
