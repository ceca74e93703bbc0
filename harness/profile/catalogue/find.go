package catalogue

import (
	"maps"
	"slices"
)

// Find returns the entry of a package. personality is empty for real phones; for a virtual one, an entry of its own
// personality goes before one for every virtual phone, and entries of real phones never apply.
func Find(pkg, personality string) (Entry, bool) {
	var any *Entry
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Package != pkg:
		case personality == "" && e.Virtual == "":
			return *e, true
		case personality != "" && e.Virtual == personality:
			return *e, true
		case personality != "" && e.Virtual == "*":
			any = e
		}
	}
	if any != nil {
		return *any, true
	}
	return Entry{}, false
}

// All returns every entry that applies to a kind of phone, sorted by package: those that Find would return.
func All(personality string) []Entry {
	best := map[string]Entry{}
	for _, e := range entries {
		if got, ok := Find(e.Package, personality); ok {
			best[e.Package] = got
		}
	}
	out := make([]Entry, 0, len(best))
	for _, pkg := range slices.Sorted(maps.Keys(best)) {
		out = append(out, best[pkg])
	}
	return out
}
