package adb

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// TCPState is the state of a row; rows of udp use the same numbers (7 for one that is not connected).
type TCPState uint8

// The states that matter (Linux tcp_states.h). A row in TCPTimeWait has lost its uid: it says 0.
const (
	TCPEstablished TCPState = 1
	TCPSynSent     TCPState = 2
	TCPTimeWait    TCPState = 6
	TCPClose       TCPState = 7
	TCPListen      TCPState = 10
)

// Socket is a row of the kernel's tables. A dual-stack socket connected to an IPv4 address is in tcp6 alone, with
// mapped addresses (::ffff:1.2.3.4).
type Socket struct {
	Proto  string // tcp, tcp6, udp or udp6
	Local  netip.AddrPort
	Remote netip.AddrPort
	State  TCPState
	UID    int
	Inode  uint64
}

// Sockets reads tables of /proc/net in one round trip: tcp, tcp6, udp, udp6, or those named. If any of them cannot be
// read, that is an error: an empty table and a forbidden one must not look alike.
func (d *Device) Sockets(ctx context.Context, protos ...string) ([]Socket, error) {
	const op = "reading socket tables"
	if len(protos) == 0 {
		protos = []string{"tcp", "tcp6", "udp", "udp6"}
	}
	for _, p := range protos {
		if !slices.Contains([]string{"tcp", "tcp6", "udp", "udp6"}, p) {
			return nil, newFault(Usage, d.serial, op, fmt.Errorf("table %q", p))
		}
	}
	res, err := d.Script(ctx, "for p in "+strings.Join(protos, " ")+`; do echo "== $p"; cat /proc/net/$p || exit 9; done`)
	var exit *ExitError
	if errors.As(err, &exit) {
		return nil, newFault(Denied, d.serial, op, errors.New(firstLines(string(res.Stderr))))
	}
	if err != nil {
		return nil, err
	}
	var out []Socket
	for _, p := range protos {
		_, rest, ok := strings.Cut(string(res.Stdout), "== "+p+"\n")
		if !ok {
			return nil, newFault(Malformed, d.serial, op, fmt.Errorf("no table %s", p))
		}
		table, _, _ := strings.Cut(rest, "== ")
		rows, err := ParseSockets(p, []byte(table))
		if err != nil {
			return nil, newFault(Malformed, d.serial, op, fmt.Errorf("%s: %w", p, err))
		}
		out = append(out, rows...)
	}
	return out, nil
}

const maxSockets = 100_000

// ParseSockets reads one table, its line of column names included. Addresses are groups of four bytes in little-endian
// order, ports are big-endian.
func ParseSockets(proto string, text []byte) ([]Socket, error) {
	var out []Socket
	head := false
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if !head {
			if f[0] != "sl" {
				return nil, fmt.Errorf("columns %q", clip(line))
			}
			head = true
			continue
		}
		s, err := parseSocket(proto, f)
		if err != nil {
			return nil, fmt.Errorf("row %q: %w", clip(line), err)
		}
		if len(out) == maxSockets {
			return nil, fmt.Errorf("more than %d rows", maxSockets)
		}
		out = append(out, s)
	}
	if !head {
		return nil, errors.New("no columns")
	}
	return out, nil
}

// parseSocket reads `sl local remote st tx:rx tr:when retrnsmt uid timeout inode ...`.
func parseSocket(proto string, f []string) (Socket, error) {
	if len(f) < 10 {
		return Socket{}, errors.New("too short")
	}
	s := Socket{Proto: proto}
	var err error
	if s.Local, err = procAddr(f[1]); err != nil {
		return s, err
	}
	if s.Remote, err = procAddr(f[2]); err != nil {
		return s, err
	}
	st, err := strconv.ParseUint(f[3], 16, 8)
	if err != nil {
		return s, err
	}
	s.State = TCPState(st)
	uid, err := strconv.ParseUint(f[7], 10, 31)
	if err != nil {
		return s, err
	}
	s.UID = int(uid)
	s.Inode, err = strconv.ParseUint(f[9], 10, 64)
	return s, err
}

// procAddr reads "0100007F:46A0" or its form with 32 digits.
func procAddr(s string) (netip.AddrPort, error) {
	digits, tail, ok := strings.Cut(s, ":")
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != 4 && len(raw) != 16 || len(tail) != 4 {
		return netip.AddrPort{}, fmt.Errorf("address %q", clip(s))
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.LittleEndian.Uint32(raw[i:]))
	}
	port, err := strconv.ParseUint(tail, 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q", clip(s))
	}
	addr, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr, uint16(port)), nil
}
