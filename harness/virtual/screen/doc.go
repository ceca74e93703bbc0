// Package screen is what a virtual phone shows: windows that are trees of views. The dump of uiautomator, the picture
// of screencap, the answer to "what is under this point" and the name of the focused window are all computed from the
// same tree, so that they cannot disagree.
//
// It knows nothing of apps and holds no state: a [Frame] is built, asked and thrown away. Every picture says "VIRTUAL
// PHONE", so that it can never be mistaken for one of a real phone.
package screen
