package profile

import (
	"strings"
)

// didYouMean is the remedy for a name that is not one of those known: the nearest, or all of them.
func didYouMean(got string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(strings.ToLower(got), strings.ToLower(k)); d < least && d < max(len(k), 2) {
			best, least = k, d
		}
	}
	switch {
	case best != "":
		return `did you mean "` + best + `"?`
	case len(known) == 0:
		return "none is defined"
	case len(known) == 1:
		return "only " + known[0] + " is possible here"
	}
	return "possible are " + strings.Join(known, ", ")
}

// suggestLimit bounds the cost of a comparison: names that long are not typing mistakes.
const suggestLimit = 64

// distance is the number of letters to add, drop, change or swap with their neighbour (optimal string alignment).
func distance(a, b string) int {
	if len(a) > suggestLimit || len(b) > suggestLimit {
		return suggestLimit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
