package adbd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Wire commands, as little-endian words of four letters.
const (
	cmdCNXN uint32 = 0x4e584e43
	cmdAUTH uint32 = 0x48545541
	cmdOPEN uint32 = 0x4e45504f
	cmdOKAY uint32 = 0x59414b4f
	cmdCLSE uint32 = 0x45534c43
	cmdWRTE uint32 = 0x45545257
)

const (
	versionChecksums uint32 = 0x01000000 // every payload carries its byte sum
	versionNow       uint32 = 0x01000001 // sums are 0

	headerSize   = 24
	maxHandshake = 16 << 10 // CNXN and AUTH; real ones are below 1 KiB
	maxIgnored   = 64       // payload of OKAY and CLSE, which carry none
)

// packet is one message of the wire: a header of six words, then data.
type packet struct {
	cmd, arg0, arg1 uint32
	sum             uint32 // as sent; see checksum
	data            []byte
}

var errBadPacket = errors.New("bad packet")

// readPacket reads one packet and refuses what no adb sends: an unknown command, a wrong magic, a payload over the
// command's limit, or a sum that is neither 0 nor right. maxData bounds OPEN and WRTE, in bytes. The payload is only
// allocated after these checks.
func readPacket(r io.Reader, maxData uint32) (packet, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return packet{}, err
	}
	p := packet{
		cmd:  binary.LittleEndian.Uint32(h[0:]),
		arg0: binary.LittleEndian.Uint32(h[4:]),
		arg1: binary.LittleEndian.Uint32(h[8:]),
		sum:  binary.LittleEndian.Uint32(h[16:]),
	}
	length := binary.LittleEndian.Uint32(h[12:])
	if magic := binary.LittleEndian.Uint32(h[20:]); magic != ^p.cmd {
		return packet{}, fmt.Errorf("%w: magic %#x for command %#x", errBadPacket, magic, p.cmd)
	}
	var limit uint32
	switch p.cmd {
	case cmdCNXN, cmdAUTH:
		limit = maxHandshake
	case cmdOPEN, cmdWRTE:
		limit = maxData
	case cmdOKAY, cmdCLSE:
		limit = maxIgnored
	default:
		return packet{}, fmt.Errorf("%w: unknown command %#x", errBadPacket, p.cmd)
	}
	if length > limit {
		return packet{}, fmt.Errorf("%w: %d bytes in %#x, limit %d", errBadPacket, length, p.cmd, limit)
	}
	if length > 0 {
		p.data = make([]byte, length)
		if _, err := io.ReadFull(r, p.data); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return packet{}, err
		}
	}
	if p.sum != 0 && p.sum != checksum(p.data) {
		return packet{}, fmt.Errorf("%w: sum %#x, payload has %#x", errBadPacket, p.sum, checksum(p.data))
	}
	return p, nil
}

// header encodes p's header. withSum fills the sum in; else it is 0, as every adb since version 0x01000001 sends it.
func (p packet) header(withSum bool) [headerSize]byte {
	var h [headerSize]byte
	var sum uint32
	if withSum {
		sum = checksum(p.data)
	}
	for i, w := range [6]uint32{p.cmd, p.arg0, p.arg1, uint32(len(p.data)), sum, ^p.cmd} {
		binary.LittleEndian.PutUint32(h[4*i:], w)
	}
	return h
}

// checksum is adb's "crc32", which is the sum of all bytes.
func checksum(data []byte) uint32 {
	var sum uint32
	for _, b := range data {
		sum += uint32(b)
	}
	return sum
}
