// Package adb drives one phone over the Android Debug Bridge. It speaks to an adb server (the "smart socket"), never to
// a phone's daemon: [Server] lists, watches and connects phones, [Device] runs commands, moves files, keeps the reverse
// tunnel and reads the phone's state.
//
// It refuses to guess. A command without its exit packet is a fault, never output. Every call that waits takes a
// context and has a deadline even when the context has none; every answer has a size limit. Errors are of three
// classes that a caller can tell apart ([ClassOf]): the phone's, the network's, the harness's own; a command that ran
// and said no is an [*ExitError].
//
// What a phone says is hostile: readers of its text ([ParseProps] and the others) bound what they keep and return an
// error rather than a half-read value.
//
// Sources: AOSP adb protocol.txt, SERVICES.TXT, SYNC.TXT; measured against adb 29.0.6. Files are pushed, pulled and
// listed by gadb v0.1.0, behind a guard for what it cannot do: stop, and bound what it reads.
package adb
