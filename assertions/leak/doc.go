// Package leak is the judgement: recorded files in, verdicts out.
//
// It is pure. It opens nothing but the input files of a bundle (docs/evidence.md lists them), and knows no clock,
// environment, network, locale or float, so the same files give the same bytes on any machine.
// It refuses to say "clean" of what it could not read: that is inconclusive, with a reason code.
package leak
