package leak

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// pattern is one spelling of a needle to look for.
type pattern struct {
	needle int32
	folded []byte   // in lower case; ASCII only
	exact  []byte   // as it must stand to count as itself; another case is the weaker class "normalised"
	names  []string // transforms that this spelling stands for, innermost
	class  string
	edge   edge
	strict bool // case must agree
	binary bool // sought in binary values alone
	word   int8 // number of a word of the needle, from 1; 0 is the whole
	key    bool // of the words of a needle the one that is looked for first
}

// number is a value to compare binary numbers with.
type number struct {
	needle int32
	names  []string
	class  string
}

// derivation collects what a needle may look like.
type derivation struct {
	needle   int32
	patterns []pattern
	numbers  map[uint64][]number
	inputs   []input // to digest
	wide     bool    // has letters beyond ASCII
}

// input is a spelling of which digests are sought.
type input struct {
	text  string
	names []string
	part  bool // of a part of a URL
}

func (d *derivation) add(text string, class string, e edge, names ...string) {
	if len(text) < MinNeedle {
		return
	}
	d.patterns = append(d.patterns, pattern{needle: d.needle, folded: foldASCII([]byte(text)), exact: []byte(text), class: class, edge: e, names: names})
}

// bytes adds a binary form.
func (d *derivation) bytes(b []byte, names ...string) {
	if len(b) < MinNeedle {
		return
	}
	d.patterns = append(d.patterns, pattern{needle: d.needle, folded: foldASCII(b), exact: b, class: ClassNormalised, edge: edgeNone, names: names, strict: true, binary: true})
}

// integerBytes adds the bytes of a whole number, without the zeros that may stand on either side of it.
func (d *derivation) integerBytes(b []byte, names ...string) {
	d.bytes(b, names...)
	d.patterns[len(d.patterns)-1].edge = edgeZeros
}

func (d *derivation) digest(text string, names ...string) {
	for _, in := range d.inputs {
		if in.text == text {
			return
		}
	}
	d.inputs = append(d.inputs, input{text: text, names: names})
}

// derive lists the spellings of a needle.
func derive(i int32, n Needle) *derivation {
	d := &derivation{needle: i, numbers: map[uint64][]number{}}
	v := n.Value
	switch n.Kind {
	case ValueMarker:
		d.patterns = append(d.patterns, pattern{needle: i, folded: foldASCII([]byte(v)), exact: []byte(v), class: ClassMarker, edge: edgeMarker, strict: true})
		return d
	case ValueURL:
		d.url(v)
	case ValueID:
		d.id(v)
	case ValueNumber:
		d.number(v)
	default:
		d.text(v)
	}
	d.disguised(v)
	d.charsets(v)
	d.marked(v)
	d.digest(v)
	d.digest(strings.ToLower(v), "lower")
	d.digest(strings.ToUpper(v), "upper")
	d.digest(escaped(v), "percent")
	return d
}

// text derives from words.
func (d *derivation) text(v string) {
	e, joined := edgeText, edgeText
	switch {
	case looksHost(v):
		e = edgeHost
	case unmistakable(v) && strings.Count(v, "@") == 1 && looksHost(v[strings.IndexByte(v, '@')+1:]):
		e, joined = edgeMail, edgeAny
	case unmistakable(v):
		e, joined = edgeAny, edgeAny
	}
	d.add(v, ClassExact, e)
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		if f := form.String(v); f != v {
			d.add(f, ClassNormalised, e, "unicode-form")
		}
	}
	words := strings.Fields(v)
	if len(words) < 2 {
		return
	}
	for _, sep := range []string{"", "_", "-", "+", ".", ",", "/", "|"} {
		if j := strings.Join(words, sep); j != v {
			d.add(j, ClassNormalised, joined, "joined")
		}
	}
	d.digest(strings.Join(words, ""), "joined")
	d.digest(strings.Join(words, "+"), "plus")
	d.digest(strings.Join(words, "%20"), "percent")
	d.words(words)
}

// unmistakable says whether a text is so long and odd that it is itself whatever adjoins it: letters, and digits enough
// that nobody else says them.
func unmistakable(v string) bool {
	digits, letters := 0, 0
	for i := range len(v) {
		switch c := v[i]; {
		case digitByte(c):
			digits++
		case alnumByte(c):
			letters++
		}
	}
	return digits >= 3 && letters >= 8 && digits+letters >= 14
}

// maxWords is the most words of a needle that are looked for apart.
const maxWords = 64

// words adds each word on its own: all of them in one value, or side by side, are the needle split or reordered.
func (d *derivation) words(words []string) {
	long := 0
	for _, w := range words {
		if len(w) >= MinNeedle {
			long++
		}
	}
	if long < 2 || long != len(words) || len(words) > maxWords {
		return
	}
	key := 0
	for i, w := range words {
		if rareness(w) > rareness(words[key]) {
			key = i
		}
	}
	for i, w := range words {
		d.patterns = append(d.patterns, pattern{needle: d.needle, folded: foldASCII([]byte(w)), exact: []byte(w), class: ClassNormalised, edge: edgeText,
			names: []string{"words"}, word: int8(i + 1), key: i == key})
	}
}

// rareness is a guess at how seldom a word stands in what has nothing to do with its needle: letters and digits together
// make no word of a language, and long words are rarer than short ones.
func rareness(word string) int {
	n := min(len(word), 16)
	if strings.ContainsAny(word, "0123456789") && strings.Trim(word, "0123456789.,:-") != "" {
		n += 16
	}
	return n
}

// looksHost says whether a text is a host name: labels of letters, digits and dashes with dots between.
func looksHost(v string) bool {
	labels := strings.Split(v, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

func foldASCII(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c | 0x20
		}
	}
	return out
}

// equalFold compares with a folded pattern.
func equalFold(v, folded []byte) bool {
	for i, c := range folded {
		x := v[i]
		if x >= 'A' && x <= 'Z' {
			x |= 0x20
		}
		if x != c {
			return false
		}
	}
	return true
}

// foldUnicode brings text to the form in which spellings that differ only in case or composition are the same.
func foldUnicode(b []byte) []byte {
	return bytes.Map(foldRune, norm.NFC.Bytes(b))
}

// foldRune is the lower case of a letter. Two letters have two lower cases, and which one a phone makes depends on where
// the letter stands and on the phone's language.
func foldRune(r rune) rune {
	switch r = unicode.ToLower(r); r {
	case 'ς':
		return 'σ'
	case 'ı':
		return 'i'
	}
	return r
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
