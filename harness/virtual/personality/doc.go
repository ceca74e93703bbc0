// Package personality says what a virtual phone is like: its properties, its apps, and what those send that they should
// not. It is data. A leak is added or taken away in one place, and a test may build a personality of its own.
//
// It runs nothing. The firmware it names is imitated, not run: no finding on a virtual phone is one about its vendor.
package personality
