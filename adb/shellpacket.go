package adb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Packets of shell_v2 (AOSP shell_protocol.h): one byte id, four bytes length little-endian, data. They may be split
// over and joined in reads.
const (
	packetStdout     = 1
	packetStderr     = 2
	packetExit       = 3
	packetCloseStdin = 4
)

// readShell closes the command's standard input and reads its output up to the exit packet.
func readShell(k *socket, limit int64) (Result, error) {
	if _, err := k.Write([]byte{packetCloseStdin, 0, 0, 0, 0}); err != nil {
		return Result{}, k.cut(err)
	}
	res, err := parseShell(k, limit)
	var big tooLargeError
	switch {
	case err == nil:
		return res, nil
	case errors.As(err, &big):
		return res, newFault(TooLarge, k.phone, k.op, err)
	case errors.As(err, new(malformedError)):
		return res, newFault(Malformed, k.phone, k.op, err)
	}
	return res, k.cut(err)
}

// cut explains a stream that ended before the command did.
func (k *socket) cut(err error) error {
	if over(k.ctx) {
		return ended(k.ctx, k.phone, k.op)
	}
	return newFault(NoExit, k.phone, k.op, err)
}

type (
	tooLargeError  int64
	malformedError string
)

func (e tooLargeError) Error() string  { return fmt.Sprintf("more than %d bytes", int64(e)) }
func (e malformedError) Error() string { return string(e) }

// parseShell reads packets until the exit packet. The end of the stream before it is an error.
func parseShell(r io.Reader, limit int64) (Result, error) {
	var res Result
	var head [5]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return res, err
		}
		n := int64(binary.LittleEndian.Uint32(head[1:]))
		var to *[]byte
		switch head[0] {
		case packetStdout:
			to = &res.Stdout
		case packetStderr:
			to = &res.Stderr
		case packetExit:
			if n != 1 {
				return res, malformedError(fmt.Sprintf("an exit packet of %d bytes", n))
			}
			var code [1]byte
			if _, err := io.ReadFull(r, code[:]); err != nil {
				return res, err
			}
			res.Exit = int(code[0])
			return res, nil
		default:
			return res, malformedError(fmt.Sprintf("a shell packet of kind %d", head[0]))
		}
		if int64(len(*to))+n > limit {
			return res, tooLargeError(limit)
		}
		if err := appendN(to, r, n); err != nil {
			return res, err
		}
	}
}

// appendN reads exactly n bytes, holding no more memory than has really come.
func appendN(to *[]byte, r io.Reader, n int64) error {
	for n > 0 {
		step := int(min(n, 64<<10))
		at := len(*to)
		*to = append(*to, make([]byte, step)...)
		got, err := io.ReadFull(r, (*to)[at:])
		*to = (*to)[:at+got]
		if err != nil {
			return err
		}
		n -= int64(got)
	}
	return nil
}
