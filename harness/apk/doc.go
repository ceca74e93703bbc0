// Package apk reads what an Android package says of itself: who signed it, and which known analytics kits its code
// contains. It checks no signature (Android did when it installed the package) and runs nothing; a kit whose class names
// the build has shortened is not found, so a list of kits is never whole.
package apk
