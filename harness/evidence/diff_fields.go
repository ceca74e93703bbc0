package evidence

import (
	"io"
	"regexp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/capture/record"
)

// Bounds of what is compared of payloads.
const (
	maxFields    = 20_000  // of a phone in a run
	maxFieldBody = 4 << 20 // bytes of a body that is looked into
)

// drawn is a part of a place that differs from one upload to the next: an index, and a name that is a number or a digest.
var drawn = regexp.MustCompile(`\[[0-9]+\]|[#@+][0-9]+|[0-9a-fA-F-]*[0-9][0-9a-fA-F-]{5,}`)

// restated is a value that says again what its place or the value around it says.
var restated = regexp.MustCompile(`\(key\)$|> (plus|percent)$`)

// addFields adds the places of texts and numbers in a request: names, never values. Bytes that nothing explains have none.
func (t *traffic) addFields(r *record.Reader, f *flow.Flow) {
	to := endpoint(f)
	for _, said := range leak.Said(f, func(b *flow.Body) []byte { return bodyOf(r, b) }) {
		decode.Peel(said, decode.DefaultLimits(), func(v *decode.Value) bool {
			at := v.Location()
			if v.Trial || v.Kind == decode.Bytes || at == "target" || at == "host" || at == "path" || restated.MatchString(at) {
				return true
			}
			name := to + ": " + safe.Line(drawn.ReplaceAllString(at, "*"), 200)
			t.fields[name] = to
			return len(t.fields) < maxFields
		})
	}
}

func bodyOf(r *record.Reader, b *flow.Body) []byte {
	in, err := r.Body(b)
	if err != nil {
		return nil
	}
	defer in.Close()
	body, err := io.ReadAll(io.LimitReader(in, maxFieldBody))
	if err != nil {
		return nil
	}
	return body
}
