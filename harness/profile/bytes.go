package profile

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What the YAML parser is spared: it needs memory for each level of nesting and, within one mapping, time for each pair
// of lines. The file's own form nests five deep, and a farm of a thousand phones has half as many lines.
const (
	deepest = 32
	longFor = 40_000
)

// checkBytes refuses what a reader of the file would not see, and more nesting and lines than a file of this form has.
func (r *reader) checkBytes() {
	brackets := 0
	for i, line := range bytes.Split(r.src, []byte("\n")) {
		if i >= longFor {
			r.failAt(i+1, 1, "split the farm into several files", "the file has more than %d lines", longFor)
		}
		brackets = r.checkLine(i+1, strings.TrimSuffix(string(line), "\r"), brackets)
		if r.err != nil {
			return
		}
	}
}

// checkLine looks at one line, without its end. brackets are those open before it; it returns those open after it.
// One inside quotes counts too: nobody has that many.
func (r *reader) checkLine(number int, line string, brackets int) int {
	column, dashes, indent, comment, before := 0, 0, true, false, ' '
	for i := 0; i < len(line) && r.err == nil; {
		c, n := utf8.DecodeRuneInString(line[i:])
		i += n
		column++
		comment = comment || (c == '#' && (before == ' ' || before == '\t'))
		before = c
		indent = indent && (c == ' ' || c == '\t' || c == '-')
		switch {
		case c == utf8.RuneError && n == 1:
			r.failAt(number, column, "save the file as UTF-8", "this byte is not UTF-8")
		case c == '\r':
			r.failAt(number, column, "save the file with LF or CRLF line ends", "a line ends with a carriage return alone")
		case c == '\t' && indent:
			r.failAt(number, column, "indent with spaces", "a tab stands in the indentation")
		case c == 0xfeff:
			r.failAt(number, column, "save the file as UTF-8 without a byte order mark", "there is a byte order mark")
		case c != '\t' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp)):
			r.failAt(number, column, "remove it", "there is an invisible character U+%04X", c)
		case c == '-' && indent:
			dashes++
		case (c == '[' || c == '{') && !comment:
			brackets++
		case (c == ']' || c == '}') && !comment:
			brackets = max(brackets-1, 0)
		}
		if dashes > deepest || brackets > deepest {
			r.failAt(number, column, "nothing in the file nests that deep", "more than %d lists or mappings begin inside one another", deepest)
		}
	}
	return brackets
}
