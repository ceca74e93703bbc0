package leak

import (
	"bytes"
	"fmt"

	"github.com/telltale-farm/telltale/capture/decode"
)

// Searcher finds needles and what can be derived from them. It holds no state between searches and may be used by many goroutines.
type Searcher struct {
	needles []Needle
	limits  decode.Limits
}

// Result is what a search of one message found, and what kept it from looking.
type Result struct {
	Hits      []Hit               // sorted by needle, class, location; without duplicates
	Opaque    []decode.OpaquePart // what no decoder explains
	Truncated []string            // limits that were hit, decode.LimitBodyCut among them
}

// NewSearcher prepares a search for all needles at once. A needle shorter than MinNeedle or of an unknown kind is an error.
func NewSearcher(needles []Needle, limits decode.Limits) (*Searcher, error) {
	for _, n := range needles {
		if len(n.Value) < MinNeedle {
			return nil, fmt.Errorf("needle %q: %d bytes are too short to search for; it needs %d", n.ID, len(n.Value), MinNeedle)
		}
		switch n.Kind {
		case ValueText, ValueURL, ValueID, ValueNumber, ValueMarker:
		default:
			return nil, fmt.Errorf("needle %q: kind %q is none of text, url, id, number, marker", n.ID, n.Kind)
		}
	}
	return &Searcher{needles: needles, limits: limits}, nil
}

// Search looks for every needle in everything that was sent.
func (s *Searcher) Search(sent decode.Sent) Result {
	res := Result{Hits: []Hit{}}
	rep := decode.Peel(sent, s.limits, func(v *decode.Value) bool {
		for _, n := range s.needles {
			if bytes.Contains(v.Data, []byte(n.Value)) {
				res.Hits = append(res.Hits, Hit{Needle: n.ID, Class: ClassExact, Location: v.Location(), Transforms: v.Transforms(), Value: []byte(n.Value)})
			}
		}
		return true
	})
	res.Opaque, res.Truncated = rep.Opaque, rep.Limits
	return res
}
