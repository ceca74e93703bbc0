package adbd

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Packet ids of shell v2 (shell_protocol.h of Android): id, u32 little-endian length, data.
const (
	v2Stdin      = 0
	v2Stdout     = 1
	v2Stderr     = 2
	v2Exit       = 3
	v2CloseStdin = 4
	v2Window     = 5

	v2Header    = 5
	maxV2Window = 64 // "rowsxcols,xpixelsxypixels"
)

func appendV2(buf []byte, id byte, data []byte) []byte {
	buf = append(buf, id)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(data)))
	return append(buf, data...)
}

// demux reads the host's side of shell v2, a byte stream in which packets are split over and joined in WRTEs, until
// it ends. stdin data is passed on in pieces, so that a packet's length costs no memory. Unknown ids are skipped.
func demux(r io.Reader, stdin inputSink, window func(rows, cols int)) error {
	buf := make([]byte, 8<<10)
	var header [v2Header]byte
	open := true
	for {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			return err
		}
		length := int64(binary.LittleEndian.Uint32(header[1:]))
		body := io.LimitReader(r, length)
		switch id := header[0]; {
		case id == v2Stdin && open:
			for length > 0 {
				n, err := body.Read(buf)
				if n > 0 {
					stdin.input(buf[:n])
				}
				if length -= int64(n); err != nil && length > 0 {
					return err
				}
			}
		case id == v2CloseStdin && open:
			open = false
			stdin.end()
		case id == v2Window && length <= maxV2Window:
			text := buf[:length]
			if _, err := io.ReadFull(body, text); err != nil {
				return err
			}
			var rows, cols, x, y uint16
			if n, _ := fmt.Sscanf(string(text), "%dx%d,%dx%d", &rows, &cols, &x, &y); n >= 2 {
				window(int(rows), int(cols))
			}
			continue
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return err
		}
	}
}
