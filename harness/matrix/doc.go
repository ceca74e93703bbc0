// Package matrix measures how often Telltale is wrong: it drives scenarios on virtual phones that leak, nearly leak or
// lie in every way they know, and holds each final verdict against what the phone really sent and really did.
//
// It is all tests: `make matrix` runs them whole, `make test` a fixed part. What a verdict should be is worked out from
// the phone's manifest and personality alone, by rules of its own; nothing may be imported from here, and no code of the
// detector is used to say what is right.
package matrix
