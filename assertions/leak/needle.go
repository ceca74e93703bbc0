package leak

import "slices"

// ValueMarker is the kind of a needle that names an action: it is matched exactly, between token borders, and nothing is derived from it.
const ValueMarker = "marker"

// Needle is a value to search for in what a phone sent.
type Needle struct {
	ID    string
	Kind  string // ValueText, ValueURL, ValueID, ValueNumber or ValueMarker
	Value string
}

// MinNeedle is the shortest value that can be searched for, in bytes. Less would be found everywhere.
const MinNeedle = 4

// Classes of hit, strongest first (docs/verdicts.md).
const (
	ClassExact      = "exact"
	ClassHashed     = "hashed"     // a digest of it
	ClassNormalised = "normalised" // after folding case, dropping separators, joining or reordering words, or in a form that could be chance
	ClassHeader     = "header"     // in Referer or Origin
	ClassPart       = "part"       // host or path of a URL alone
	ClassMarker     = "marker"
	ClassLearned    = "learned"  // an identifier that nobody named: the same again after what should have changed it
	ClassReaction   = "reaction" // no hit: windows with and without the action, compared
)

// Hit is one place where a needle was found.
type Hit struct {
	Needle     string // its ID
	Class      string
	Location   string
	Transforms []string // outermost first; a digest by its name
	Value      []byte   // the bytes that matched
	Preview    string   // printable; identifiers and numbers show their last four characters

	whole bool // found in a value whose pieces are shown as well
}

// hostAlone says whether no more than the host of a URL was found.
func (h *Hit) hostAlone() bool { return h.Class == ClassPart && slices.Contains(h.Transforms, "host") }
