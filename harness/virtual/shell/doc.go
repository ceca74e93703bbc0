// Package shell is the shell of a virtual phone: mksh's language on an interpreter inside this process, and Android's
// commands as functions over the phone's state. A line behaves as on a phone, quoting mistakes included.
//
// It never touches the host: no file is opened, no program run, no name looked up outside of the phone. A command that
// a phone has and this one lacks is refused as "inaccessible or not found", never guessed.
package shell
