package decode

import "unicode/utf8"

// minLetters is the fewest letters of a list that are joined.
const minLetters = 8

// letters shows a list of strings of one letter each as the text that they are: ["c","a","n","a","r","y" ...].
func (j *jsonReader) letters() {
	t := j.t[j.at+1:]
	if j.oneLetter(t) == 0 {
		return
	}
	count, size := 0, 0
	for rest := t; ; count++ {
		n := j.oneLetter(rest)
		if n == 0 {
			return
		}
		size += n
		at := skipSpace(rest, n+2)
		if at >= len(rest) {
			return
		}
		if rest[at] == ']' {
			break
		}
		if rest[at] != ',' {
			return
		}
		rest = rest[skipSpace(rest, at+1):]
	}
	mark := j.p.arena.mark
	defer func() { j.p.arena.mark = mark }()
	out := j.p.alloc(size)
	if count+1 < minLetters || out == nil {
		return
	}
	for out = out[:0]; ; {
		n := j.oneLetter(t)
		out = append(out, t[1:1+n]...)
		at := skipSpace(t, n+2)
		if t[at] == ']' {
			break
		}
		t = t[skipSpace(t, at+1):]
	}
	j.p.show(Text, j.p.mk(step{up: j.step, op: "letters"}), out, false)
}

// oneLetter is how many bytes the letter takes that a string at the beginning is made of; 0 when there is no such string.
func (j *jsonReader) oneLetter(t []byte) int {
	if len(t) < 4 || t[0] != '"' || t[1] == '"' || t[1] == '\\' {
		return 0
	}
	n := 1
	if t[1] >= utf8.RuneSelf {
		_, n = utf8.DecodeRune(t[1:])
	}
	if 1+n >= len(t) || t[1+n] != '"' {
		return 0
	}
	return n
}
