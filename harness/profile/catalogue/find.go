package catalogue

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
