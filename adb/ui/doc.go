// Package ui reads and drives the screen of one phone: the tree that `uiautomator dump` writes, selectors that find a
// node in it, gestures, and what is in front. It needs nothing installed on the phone.
//
// It refuses to take a gesture for an effect: what a tap did is known only from the screen afterwards, so a caller waits
// for what it wants to see. When that does not come, the error lists what was there instead and carries the dump.
// It judges nothing.
package ui
