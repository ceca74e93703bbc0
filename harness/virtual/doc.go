// Package virtual makes virtual phones: phones that any adb client can use, whose answers agree with each other, and
// whose apps really send HTTPS requests, some of which leak on purpose. They stand in for real phones in tests and in a
// first run, and a stand-in internet stands in for the real one.
//
// Every phone says that it is virtual: in the property ro.telltale.virtual and in every screenshot. It imitates firmware
// and runs none: nothing found on it is a finding about a vendor. What its apps really sent is in its leak manifest,
// which stays in this process until it is asked for. Nothing here shares code with what detects leaks.
package virtual
