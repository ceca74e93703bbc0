// Package adbd is the device side of ADB over TCP: what the adb daemon of a phone does, in one Go process, so that a
// real adb server accepts it (measured against adb 29.0.6, protocol 41).
//
// It is for virtual phones and for tests of the client. A [Server] speaks the wire (CNXN, AUTH, OPEN, OKAY, WRTE,
// CLSE), runs the services of Android's daemon (shell v1 and v2, exec, sync, reverse, reboot, forwarded sockets) and
// asks a [Device] for everything that is a phone.
//
// It refuses to be a phone: it has no files, no shell, no properties and no state but its links. It shares no code
// with our own ADB client, or both could be wrong in the same way. It refuses every service it does not know, and it
// opens nothing towards the host but the exact targets of the link's own reverse table: an adb server that is asked
// for anything else ends itself, and every phone's link with it.
//
// Everything that comes over a link is hostile input and is bounded by [Limits].
package adbd
