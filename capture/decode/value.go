package decode

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// ValueKind says how to read a Value.
type ValueKind uint8

// The kinds of value.
const (
	Text  ValueKind = iota // mostly printable; need not be valid UTF-8
	Bytes                  // binary
	Int                    // a number held in a binary format; Data is its decimal form
)

// Value is something found at one place. It is valid only during the visit: copy what must outlive it.
type Value struct {
	Kind ValueKind
	Data []byte
	Ints []uint64 // of an Int: its readings (as it is, as zigzag, as a float without fraction)
	// Loose says that Data is a stretch of an unknown or ambiguous format, so that bytes beside a match may belong to another value.
	Loose bool
	// Trial says that Data is what a guess at an encoding gave, and that nothing can be read in it: it is worth a search, not a look.
	Trial bool
	// Whole says that the pieces of this value are shown as well.
	Whole bool
	at    *step
}

// step is one layer on the way to a value.
type step struct {
	up     *step
	op     string // empty for a step that only names a place
	detail string // a name that the phone chose
	place  string // a name of ours; after # @ + and space comes n
	n      int
	path   *path // where in a document, if it has places
	part   bool  // the first step: body, header X ...
}

// path is a live position in a document; it is rendered only when somebody asks.
type path struct{ elems []elem }

type elem struct {
	key   []byte
	index int // -1: key counts
	note  string
}

// Part is the part of the message that the value is in, as the location begins: "body", "header Referer", "query q".
func (v *Value) Part() string {
	for s := v.at; s != nil; s = s.up {
		if s.part {
			return s.label()
		}
	}
	return ""
}

// Spot stands for a value while what it holds is being shown, and no longer.
type Spot struct{ at *step }

// Spot is the value's own.
func (v *Value) Spot() Spot { return Spot{v.at} }

// Out says whether the value may have come out of a spot: the spot of a value that is done may be another's by now.
func (v *Value) Out(of Spot) bool {
	for s := v.at.up; s != nil && of.at != nil; s = s.up {
		if s == of.at {
			return true
		}
	}
	return false
}

// Location is where the value was found: "body > form data_list > base64 > gzip > json $[0].properties.url".
func (v *Value) Location() string { return v.at.location() }

// Transforms are the layers around the value, outermost first: form, base64, gzip, json.
func (v *Value) Transforms() []string {
	n := 0
	for s := v.at; s != nil; s = s.up {
		if s.op != "" && !s.part {
			n++
		}
	}
	out := make([]string, n)
	for s := v.at; s != nil; s = s.up {
		if s.op != "" && !s.part {
			n--
			out[n] = s.op
		}
	}
	return out
}

func (s *step) location() string {
	var steps []string
	for ; s != nil; s = s.up {
		steps = append(steps, s.label())
	}
	var b strings.Builder
	for i := len(steps) - 1; i >= 0; i-- {
		if b.Len() > 0 {
			b.WriteString(" > ")
		}
		b.WriteString(steps[i])
	}
	return b.String()
}

func (s *step) label() string {
	var b strings.Builder
	b.WriteString(s.op)
	if s.detail != "" {
		b.WriteByte(' ')
		b.WriteString(showName([]byte(s.detail)))
	}
	if s.place != "" {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.place)
		if strings.ContainsAny(s.place[len(s.place)-1:], "#@+ ") {
			b.WriteString(strconv.Itoa(s.n))
		}
	}
	if s.path != nil {
		b.WriteString(" $")
		elems := s.path.elems
		for i, e := range elems {
			if len(elems) > 40 && i == 20 {
				b.WriteString("...")
			}
			if len(elems) > 40 && i >= 20 && i < len(elems)-20 {
				continue
			}
			e.write(&b)
		}
	}
	return b.String()
}

func (e elem) write(b *strings.Builder) {
	switch {
	case e.note != "":
		b.WriteByte('(')
		b.WriteString(e.note)
		b.WriteByte(')')
	case e.index >= 0:
		b.WriteByte('[')
		b.WriteString(strconv.Itoa(e.index))
		b.WriteByte(']')
	default:
		b.WriteByte('.')
		b.WriteString(showName(e.key))
	}
}

// maxName is how much of a name that the phone chose may stand in a location, in bytes.
const maxName = 80

// showName makes a name that the phone chose safe to stand in a location: printable ASCII and letters, no separator of ours.
func showName(name []byte) string {
	cut := false
	if len(name) > maxName {
		name, cut = name[:maxName], true
	}
	plain := !cut
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || c == '>' || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain && len(name) > 0 {
		return string(name)
	}
	for cut && len(name) > 0 && !utf8.Valid(name) && len(name) > maxName-4 {
		name = name[:len(name)-1]
	}
	q := strconv.QuoteToASCII(string(name))
	if cut {
		q += "..."
	}
	return q
}
