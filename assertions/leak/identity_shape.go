package leak

import (
	"bytes"
	"strings"
)

// Lengths of what could be an identifier, in bytes.
const (
	minIdentifier = 8
	maxIdentifier = 128
)

// identifierShape says whether a value is one token with digits in it: a UUID, hex, a serial number; no time, no version,
// no address, no name.
func identifierShape(b []byte) bool {
	if len(b) < minIdentifier || len(b) > maxIdentifier || bytes.Contains(b, []byte("://")) {
		return false
	}
	digits, letters, dots := 0, 0, 0
	for _, c := range b {
		switch {
		case digitByte(c):
			digits++
		case alnumByte(c):
			letters++
		case c == '.':
			dots++
		case c == '-' || c == '_' || c == ':' || c == '=' || c == '+' || c == '/' || c == '|':
		default:
			return false
		}
	}
	switch {
	case digits < 3 || dots > 0 && digits+dots+letters == len(b) && letters < 4:
		return false // words, versions, addresses
	case letters == 0 && digits == len(b):
		return len(b) >= 10 && len(b) <= 20 && !looksTime(b)
	case letters == 0:
		return digits >= 10 && !looksDate(b)
	}
	return !looksDate(b)
}

// looksTime says whether digits are a time since 1970 in seconds, milli-, micro- or nanoseconds, from 2001 to 2033.
func looksTime(b []byte) bool {
	switch len(b) {
	case 10, 13, 16, 19:
		return b[0] == '1'
	}
	return false
}

// looksDate says whether a value begins like 2026-11-21 or 20261121T.
func looksDate(b []byte) bool {
	if len(b) < 8 || b[0] != '1' && b[0] != '2' || b[1] != '9' && b[1] != '0' {
		return false
	}
	return b[4] == '-' && b[7] == '-' || len(b) > 8 && b[8] == 'T'
}

// randomShape says whether a value looks drawn at random, and so long that no two phones draw the same: a UUID, hex of 64
// bits or more, as much of base64 or decimal digits. What a model, a build or an experiment is called does not look so.
func randomShape(value string) bool {
	hex, digits, letters, upper, marks, kinds := true, 0, 0, 0, 0, [256]bool{}
	distinct := 0
	for i := range len(value) {
		c := value[i]
		switch {
		case digitByte(c):
			digits++
		case alnumByte(c):
			letters++
			if c >= 'A' && c <= 'Z' {
				upper++
			}
			if c|0x20 > 'f' {
				hex = false
			}
		case c == '-' || c == ':':
			marks++
			continue
		case c == '_' || c == '=' || c == '+' || c == '/':
			hex = false
			continue
		default:
			return false
		}
		if !kinds[c] {
			kinds[c] = true
			distinct++
		}
	}
	n := digits + letters
	switch {
	case distinct < 6: // zeros, and other stand-ins for an identifier that may not be had
		return false
	case letters == 0:
		return marks == 0 && n >= 15
	case hex:
		return n >= 16 && digits >= n/5
	}
	return n >= 20 && digits >= 3 && upper >= 3 && upper < letters && marks <= 1
}

// placeOf leaves out the indexes of lists.
func placeOf(loc string) string {
	var out strings.Builder
	for i := 0; i < len(loc); i++ {
		if loc[i] == '[' || loc[i] == '#' || loc[i] == '@' {
			j := i + 1
			for j < len(loc) && digitByte(loc[j]) {
				j++
			}
			if j > i+1 && (loc[i] != '[' || j < len(loc) && loc[j] == ']') {
				out.WriteByte(loc[i])
				i = j - 1
				continue
			}
		}
		out.WriteByte(loc[i])
	}
	return out.String()
}
