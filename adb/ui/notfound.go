package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// NotFoundError is a screen that does not show what was wanted.
type NotFoundError struct {
	Wanted     string   // in words
	Candidates []string // the nodes that come nearest, nearest first, at most 5
	Front      string   // package or window in front, if that was looked at
	Dump       []byte   // the screen as XML; nil if it could not be read
}

func (e *NotFoundError) Error() string {
	text := "the screen does not show " + e.Wanted
	if e.Front != "" {
		text += "; in front is " + quote(e.Front)
	}
	if len(e.Candidates) > 0 {
		text += "; it shows " + strings.Join(e.Candidates, ", ")
	}
	return text
}

func notFound(wanted string, words []string, t *Tree) *NotFoundError {
	return &NotFoundError{Wanted: wanted, Dump: t.XML, Candidates: nearest(t, words)}
}

// wordsOf are the texts that selectors look for.
func wordsOf(selectors []Selector) []string {
	var words []string
	for _, s := range selectors {
		words = append(words, s.Texts...)
		words = append(words, s.Descs...)
		if _, name, ok := strings.Cut(s.ID, ":id/"); ok {
			words = append(words, name)
		}
	}
	return words
}

// nearest ranks the nodes that say something by how few letters differ from what was wanted.
func nearest(t *Tree, words []string) []string {
	type ranked struct {
		name string
		d    int
	}
	var all []ranked
	seen := map[string]bool{}
	for n := range t.all() {
		_, id, _ := strings.Cut(n.ID, ":id/")
		best := -1
		for _, label := range []string{n.Text, n.Desc, id} {
			if label == "" {
				continue
			}
			if best < 0 {
				best = len(label)
			}
			for _, w := range words {
				best = min(best, distance(strings.ToLower(trim(label)), strings.ToLower(w)))
			}
		}
		name := n.String()
		if best < 0 || seen[name] {
			continue
		}
		seen[name] = true
		all = append(all, ranked{name, best})
		if len(all) == 500 {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.d, b.d) })
	var out []string
	for _, r := range all[:min(5, len(all))] {
		out = append(out, r.name)
	}
	return out
}

// distance counts the letters to change from a to b (Levenshtein), of the first 40 of each.
func distance(a, b string) int {
	x, y := runes(a), runes(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}

func runes(s string) []rune {
	r := []rune(s[:min(len(s), 160)])
	return r[:min(len(r), 40)]
}

// quote makes text of a phone fit for an error text.
func quote(s string) string { return fmt.Sprintf("%q", shorten(s)) }

func shorten(s string) string {
	if r := []rune(s[:min(len(s), 400)]); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}
