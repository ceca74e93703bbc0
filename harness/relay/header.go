package main

import (
	"encoding/binary"
	"net/netip"
)

// Values that we add to a PROXY header, of the types left to applications.
const (
	valueUID   = 0xE0
	valueToken = 0xE2
)

// What the far end answers: that a header was taken; beats, and the word to end, on our own connection.
const (
	accepted = 0x06
	beat     = 0x16
	end      = 0x04
)

// header is a PROXY protocol header of version 2 for a connection from one port of the loopback to another. Of the
// relay's own connection (local) it names no app.
func header(local bool, from, to int, uid int, token []byte) []byte {
	b := []byte("\r\n\r\n\x00\r\nQUIT\n")
	if local {
		b = append(b, 0x20, 0x00)
	} else {
		b = append(b, 0x21, 0x11)
	}
	b = append(b, 0, 0) // length, below
	if !local {
		lo := netip.AddrFrom4([4]byte{127, 0, 0, 1}).AsSlice()
		b = append(append(b, lo...), lo...)
		b = binary.BigEndian.AppendUint16(b, uint16(from))
		b = binary.BigEndian.AppendUint16(b, uint16(to))
		if uid >= 0 {
			b = binary.BigEndian.AppendUint32(append(b, valueUID, 0, 4), uint32(uid))
		}
	}
	b = append(b, valueToken, 0, byte(len(token)))
	b = append(b, token...)
	binary.BigEndian.PutUint16(b[14:], uint16(len(b)-16))
	return b
}
