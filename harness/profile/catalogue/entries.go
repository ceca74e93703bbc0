package catalogue

import "slices"

// entries is the whole catalogue. It is made anew for each question, so that nobody can change it for anybody else.
func entries() []Entry {
	return slices.Concat(miBrowsers(), otherBrowsers(), systemApps(), servicesOfSystem(), virtualBrowsers(), virtualSystem())
}

// Personalities lists the kinds of virtual phone that there are entries for, sorted. It is also the list of those that
// devices.yaml may name.
func Personalities() []string {
	return []string{"by-the-clock", "chromium", "clean", "hyperos", "leaky-2020", "mi-10", "mi-10-may-2020", "mi-10-renamed", "mi-a1", "mix-3", "pinned", "pixel-5", "redmi-k20",
		"redmi-note-8", "redmi-note-8-may-2020", "three-in-ten"}
}
