package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// harScan reads JSON from a stream without holding more than one string of it, so that the size of a capture does not
// matter, and passes over what nobody asked for at the speed of a search for quotes.
type harScan struct {
	r     *bufio.Reader
	most  int // longest string kept, in bytes
	depth int
	cut   bool // a string was longer than most since the flag was last cleared
	short bool // the same, cleared for each entry
	left  int  // what an entry may hold beyond what it does
}

// entryTexts is how many of the longest strings an entry may hold in all.
const entryTexts = 8

const (
	harBuffer   = 256 << 10
	maxHARDepth = 1000
)

var errHARDepth = errors.New("nested too deeply")

func newHARScan(r io.Reader, most int) *harScan {
	return &harScan{r: bufio.NewReaderSize(r, harBuffer), most: most, left: entryTexts * most}
}

// begin makes room for another entry.
func (s *harScan) begin() { s.short, s.left = false, entryTexts*s.most }

// peek gives the next byte that is not white space, without taking it.
func (s *harScan) peek() (byte, error) {
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return 0, unexpected(err)
		}
		switch c {
		case ' ', '\n', '\r', '\t', 0xef, 0xbb, 0xbf:
			continue
		}
		return c, s.r.UnreadByte()
	}
}

// ended says whether nothing but white space is left.
func (s *harScan) ended() bool {
	_, err := s.peek()
	return err == io.ErrUnexpectedEOF
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// expect takes one byte after white space.
func (s *harScan) expect(want byte) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != want {
		return fmt.Errorf("want %q, got %q", want, c)
	}
	_, err = s.r.ReadByte()
	return err
}

// object calls field for each member; field must take the member's value. Anything but an object is passed over.
func (s *harScan) object(field func(name string) error) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != '{' {
		return s.skip()
	}
	return s.members('{', '}', func() error {
		name, err := s.text()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return field(string(name))
	})
}

// array calls item for each element; item must take it. Anything but an array is passed over.
func (s *harScan) array(item func() error) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != '[' {
		return s.skip()
	}
	return s.members('[', ']', item)
}

func (s *harScan) members(open, end byte, one func() error) error {
	if s.depth++; s.depth > maxHARDepth {
		return errHARDepth
	}
	defer func() { s.depth-- }()
	if err := s.expect(open); err != nil {
		return err
	}
	for first := true; ; first = false {
		c, err := s.peek()
		if err != nil {
			return err
		}
		if c == end {
			_, err := s.r.ReadByte()
			return err
		}
		if !first {
			if err := s.expect(','); err != nil {
				return err
			}
			if c, err = s.peek(); err != nil {
				return err
			}
			if c == end {
				_, err := s.r.ReadByte()
				return err
			}
		}
		if err := one(); err != nil {
			return err
		}
	}
}

// text takes a string, escapes removed. Of one that is longer than the limit the beginning is given and cut is set.
func (s *harScan) text() ([]byte, error) {
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	var raw []byte
	escaped, err := s.chunks(func(part []byte) {
		if room := min(s.most-len(raw), s.left); len(part) > room {
			part, s.cut, s.short = part[:room], true, true
		}
		s.left -= len(part)
		raw = append(raw, part...)
	})
	if err != nil {
		return nil, err
	}
	if escaped {
		raw = unescapeJSON(raw)
	}
	return raw, nil
}

// chunks hands out a string piece by piece, up to its closing quote, which it takes.
func (s *harScan) chunks(take func([]byte)) (escaped bool, err error) {
	odd := false // the last byte was a backslash that escapes the next
	for {
		if s.r.Buffered() == 0 {
			if _, err := s.r.Peek(1); err != nil {
				return escaped, unexpected(err)
			}
		}
		b, _ := s.r.Peek(s.r.Buffered())
		if odd {
			take(b[:1])
			s.discard(1)
			odd = false
			continue
		}
		end := bytes.IndexByte(b, '"')
		stop := end
		if stop < 0 {
			stop = len(b)
		}
		if back := bytes.IndexByte(b[:stop], '\\'); back >= 0 {
			take(b[:back+1])
			s.discard(back + 1)
			odd, escaped = true, true
			continue
		}
		take(b[:stop])
		if end >= 0 {
			s.discard(stop + 1)
			return escaped, nil
		}
		s.discard(stop)
	}
}

func (s *harScan) discard(n int) { _, _ = s.r.Discard(n) }

// skip passes over any value.
func (s *harScan) skip() error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		return s.object(func(string) error { return s.skip() })
	case '[':
		return s.array(s.skip)
	case '"':
		_, _ = s.r.ReadByte()
		_, err := s.chunks(func([]byte) {})
		return err
	}
	_, err = s.bare()
	return err
}

// bare takes a number or literal.
func (s *harScan) bare() ([]byte, error) {
	if _, err := s.peek(); err != nil {
		return nil, err
	}
	var out []byte
	for {
		c, err := s.r.ReadByte()
		if err == io.EOF && len(out) > 0 {
			return out, nil
		}
		if err != nil {
			return nil, unexpected(err)
		}
		switch c {
		case ',', '}', ']', ':', '{', '[', '"', ' ', '\n', '\r', '\t':
			if len(out) == 0 {
				return nil, fmt.Errorf("want a value, got %q", c)
			}
			return out, s.r.UnreadByte()
		}
		if out = append(out, c); len(out) > 100 {
			return nil, errors.New("a number of more than 100 digits")
		}
	}
}

// optText takes a string, or passes over anything else, which counts as empty.
func (s *harScan) optText() ([]byte, error) {
	c, err := s.peek()
	if err != nil {
		return nil, err
	}
	if c != '"' {
		return nil, s.skip()
	}
	return s.text()
}

// integer takes a whole number; anything else counts as -1.
func (s *harScan) integer() (int64, error) {
	c, err := s.peek()
	if err != nil {
		return -1, err
	}
	if c == '{' || c == '[' || c == '"' {
		return -1, s.skip()
	}
	b, err := s.bare()
	if err != nil {
		return -1, err
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return -1, nil
	}
	return n, nil
}

// truthy takes a value and says whether it is neither absent, false nor empty.
func (s *harScan) truthy() (bool, error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	switch c {
	case '"':
		t, err := s.text()
		return len(t) > 0, err
	case '{', '[':
		return true, s.skip()
	}
	b, err := s.bare()
	return string(b) != "false" && string(b) != "null" && string(b) != "0", err
}

// unescapeJSON removes escapes in place. Broken ones stay as they are; a lone surrogate becomes U+FFFD.
func unescapeJSON(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); {
		c := b[i]
		if c != '\\' || i+1 >= len(b) {
			out = append(out, c)
			i++
			continue
		}
		switch e := b[i+1]; e {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'u':
			r, n := escapedRune(b[i:])
			if n == 0 {
				out = append(out, c)
				i++
				continue
			}
			out = utf8.AppendRune(out, r)
			i += n
			continue
		default:
			out = append(out, e)
		}
		i += 2
	}
	return out
}

// escapedRune reads \uXXXX, and the second half of a pair.
func escapedRune(b []byte) (rune, int) {
	if len(b) < 6 {
		return 0, 0
	}
	u, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return 0, 0
	}
	r := rune(u)
	if utf16.IsSurrogate(r) {
		if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
			if lo, err := strconv.ParseUint(string(b[8:12]), 16, 16); err == nil {
				if both := utf16.DecodeRune(r, rune(lo)); both != utf8.RuneError {
					return both, 12
				}
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}
