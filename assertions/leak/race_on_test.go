//go:build race

package leak

// raceDetector is on: it makes arithmetic ten times as slow, and finds nothing in the hundredth repetition that it did
// not find in the tenth.
const raceDetector = true
