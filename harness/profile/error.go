package profile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Error is one thing that is wrong with devices.yaml. Line and Column count from 1; they are 0 when the file as a
// whole is meant.
type Error struct {
	File    string // as the caller named it
	Line    int
	Column  int
	Message string // what is wrong
	Remedy  string // what to do about it
	Snippet string // the line with a mark under the column; empty where it does not help
}

// Error is "file:line:column: what is wrong; remedy", followed by the snippet on lines of its own.
func (e *Error) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	s := at + ": " + e.Message
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	if e.Snippet != "" {
		s += "\n" + e.Snippet
	}
	return s
}

// snippetWidth is how much of a line is shown.
const snippetWidth = 100

// snippet shows one line of the file with a mark under the column. Columns count characters. A character that could
// move the cursor is shown as a question mark, so that the mark stays where it belongs.
func snippet(src []byte, line, column int) string {
	lines := strings.Split(string(src), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := []rune(strings.TrimSuffix(lines[line-1], "\r"))
	if column < 1 || column > len(text)+1 || column > snippetWidth || strings.TrimSpace(string(text)) == "" {
		return ""
	}
	for i, r := range text {
		if !unicode.IsPrint(r) {
			text[i] = '?'
		}
	}
	if len(text) > snippetWidth {
		text = append(text[:snippetWidth-3], []rune("...")...)
	}
	number := strconv.Itoa(line)
	return fmt.Sprintf("  %s | %s\n  %s   %s^", number, string(text), strings.Repeat(" ", len(number)), strings.Repeat(" ", column-1))
}
