// Package decode says what captured bytes say: it peels one layer at a time (content-encoding, form, base64, gzip, JSON,
// protobuf ...) and shows every value with the place it was found at and the layers that hid it.
//
// It needs no schema and no name of an SDK, no clock, file or network, and gives the same values in the same order for the
// same bytes. Its input is hostile: every loop is bounded by Limits, and a limit that was hit is reported, because what
// was not read cannot be called clean. It refuses to judge: whether a value matters is the searcher's business.
package decode

import "github.com/telltale-farm/telltale/capture/flow"

// Kind says what a Sent is.
type Kind string

// The kinds of input.
const (
	KindRequest Kind = "request" // an HTTP request: target, headers, body, trailers
	KindMessage Kind = "message" // one WebSocket message: Body alone, unmasked and inflated
	KindRaw     Kind = "raw"     // bytes of a stream that is not HTTP: Body alone
)

// Sent is one thing that a phone sent. An empty Kind means KindRequest.
type Sent struct {
	Kind     Kind
	Method   string
	Target   string        // the whole URL, https://host[:port]/path?query
	Headers  []flow.Header // as sent
	Trailers []flow.Header
	Body     []byte // raw bytes, content-encoding not removed, no chunk framing
	BodyCut  bool   // Body is not all that was sent
}

// Report says what Peel could not read. Its lists are never nil, sorted and without duplicates.
type Report struct {
	Limits []string     // names of the limits that were hit: body-cut, bytes, depth, nodes, ratio
	Opaque []OpaquePart // in the order met
	Names  []Name       // envelopes that a recogniser knows by name; detection never needs them
}

// OpaquePart is something sent that no decoder explains.
type OpaquePart struct {
	Location string
	Reason   string // "encrypted: sensors-analytics gzip=9", "unknown: high entropy", "media: image/png" ...
	Bytes    int
	Entropy  int // of its bytes, in thousandths of a bit a byte: 0 to 8000
}

// Name is an envelope known by name.
type Name struct {
	Location string
	Name     string // sensors-analytics, onetrack ...
}

// The names of limits in Report.Limits.
const (
	LimitBodyCut = "body-cut" // the capture did not keep the whole body
	LimitBytes   = "bytes"
	LimitDepth   = "depth"
	LimitNodes   = "nodes"
	LimitRatio   = "ratio"
)

// Limits bound one Peel. A zero field means the default.
type Limits struct {
	Depth int    // layers inside layers
	Nodes int    // values shown and layers tried
	Bytes int64  // bytes that all decoders together may put out
	Ratio int    // times that one decompressor may grow its input, once it has put out RatioFloor bytes
	Off   string // name of a layer whose values are not shown, to prove what depends on it; empty in earnest
}

// RatioFloor is how much a decompressor may put out whatever its ratio: 1 MiB.
const RatioFloor = 1 << 20

// DefaultLimits are bounds that no telemetry seen so far comes near to.
func DefaultLimits() Limits {
	return Limits{Depth: 24, Nodes: 2_000_000, Bytes: 256 << 20, Ratio: 200}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	if l.Nodes <= 0 {
		l.Nodes = d.Nodes
	}
	if l.Bytes <= 0 {
		l.Bytes = d.Bytes
	}
	if l.Ratio <= 0 {
		l.Ratio = d.Ratio
	}
	return l
}
