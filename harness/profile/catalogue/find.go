package catalogue

import (
	"slices"
	"strings"
)

// Find returns the entry of a package. personality is empty for real phones; for a virtual one, an entry of its own
// personality goes before one for every virtual phone, and entries of real phones never apply.
func Find(pkg, personality string) (Entry, bool) {
	all := All(personality)
	i, found := slices.BinarySearchFunc(all, pkg, func(e Entry, pkg string) int { return strings.Compare(e.Package, pkg) })
	if !found {
		return Entry{}, false
	}
	return all[i], true
}

// All returns the entries that apply to a kind of phone, one a package, sorted by package. personality is empty for
// real phones.
func All(personality string) []Entry {
	var all []Entry
	for _, e := range entries() {
		if (personality == "" && e.Virtual == "") || (personality != "" && (e.Virtual == personality || e.Virtual == "*")) {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b Entry) int {
		if c := strings.Compare(a.Package, b.Package); c != 0 {
			return c
		}
		return strings.Compare(b.Virtual, a.Virtual) // "*" sorts before any name, so it comes last
	})
	return slices.CompactFunc(all, func(a, b Entry) bool { return a.Package == b.Package })
}
