package adb

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Bounds of the sync service (AOSP file_sync_protocol.h: SYNC_DATA_MAX is 64 KiB; a file name has at most 255 bytes).
const (
	syncDataMax    = 64 << 10
	syncTextMax    = 64 << 10
	syncNameMax    = 1024
	syncEntriesMax = 100_000
)

// guard copies what a phone says in the sync service, message by message, and stops at the first that is out of bounds.
type guard struct {
	from io.Reader
	to   io.Writer
	file int64 // most bytes of one file
}

// run ends with nil behind the message that ends the answer. A FAIL is returned as a refusal and not handed on: who
// listens must not end its call before the refusal is known.
func (g *guard) run() error {
	var total int64
	for entries := 0; ; {
		var head [8]byte
		if _, err := io.ReadFull(g.from, head[:]); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		switch id := string(head[:4]); id {
		case "DATA":
			if n > syncDataMax {
				return malformedError(fmt.Sprintf("a chunk of %d bytes", n))
			}
			if total += n; total > g.file {
				return tooLargeError(g.file)
			}
			if err := g.pass(head[:], n); err != nil {
				return err
			}
		case "DENT":
			if entries++; entries > syncEntriesMax {
				return tooLargeError(syncEntriesMax)
			}
			var rest [12]byte // size, time, length of the name; head held the mode
			if _, err := io.ReadFull(g.from, rest[:]); err != nil {
				return err
			}
			n := int64(binary.LittleEndian.Uint32(rest[8:]))
			if n > syncNameMax {
				return malformedError(fmt.Sprintf("a file name of %d bytes", n))
			}
			if err := g.pass(append(head[:], rest[:]...), n); err != nil {
				return err
			}
		case "DONE":
			_, err := g.to.Write(head[:])
			return err
		case "OKAY", "FAIL":
			if n > syncTextMax {
				return malformedError(fmt.Sprintf("a status of %d bytes", n))
			}
			text := make([]byte, n)
			if _, err := io.ReadFull(g.from, text); err != nil {
				return err
			}
			if id == "FAIL" {
				return refusal(text)
			}
			_, err := g.to.Write(append(head[:], text...))
			return err
		default:
			return malformedError(fmt.Sprintf("a message %q", id))
		}
	}
}

func (g *guard) pass(head []byte, n int64) error {
	if _, err := g.to.Write(head); err != nil {
		return err
	}
	_, err := io.CopyN(g.to, g.from, n)
	return err
}

// fileCode sorts the texts of FAIL: strerror behind what was tried.
func fileCode(text string) Code {
	for _, s := range []string{"No such file", "Permission denied", "Is a directory", "Not a directory", "Read-only file system", "Operation not permitted"} {
		if strings.Contains(text, s) {
			return NoFile
		}
	}
	return Refused
}
