package leak

import (
	"bytes"
	"encoding/binary"
)

// run is a stretch of one byte in a value. What is sampled all inside it is the same everywhere in it.
type run struct{ start, end int }

// minRun is the shortest run in bytes that is worth knowing of. Bodies that were made to grow have few others.
const minRun = 1 << 10

// runsOf appends the runs of v from first to last: all of 2*minRun bytes, and none shorter than minRun.
func runsOf(out []run, v []byte) []run {
	for i := 0; i+minRun <= len(v); i += minRun {
		word := binary.LittleEndian.Uint64(v[i:])
		if word != word>>8|word<<56 || !bytes.Equal(v[i:i+minRun-1], v[i+1:i+minRun]) {
			continue
		}
		r := run{i, i + minRun}
		for r.start > 0 && v[r.start-1] == v[i] {
			r.start--
		}
		for r.end+minRun <= len(v) && bytes.Equal(v[r.end:r.end+minRun], v[i:i+minRun]) {
			r.end += minRun
		}
		for r.end+8 <= len(v) && binary.LittleEndian.Uint64(v[r.end:]) == word {
			r.end += 8
		}
		for r.end < len(v) && v[r.end] == v[i] {
			r.end++
		}
		out = append(out, r)
		i = (r.end - 1) / minRun * minRun // the next block begins behind the run
	}
	return out
}
