package main

import (
	"bufio"
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"
)

// unknownUID is a connection whose row was not found, or has lost its owner.
const unknownUID = -1

// Connections are looked for this often and this long: the row is there before the connection is accepted, but a busy
// kernel may list it a moment later.
const (
	lookAgain = 5 * time.Millisecond
	lookFor   = 500 * time.Millisecond
)

// owner finds the uid of the app whose end of a connection has the port local and leads to the port remote, both on the
// loopback. A uid that is not certain is unknown: two rows that differ, or a socket that is being closed.
func owner(ctx context.Context, on phone, local, remote int) int {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		for _, name := range []string{"/proc/net/tcp6", "/proc/net/tcp"} {
			text, err := on.read(name)
			if err != nil {
				continue
			}
			if uid := find(text, local, remote); uid != unknownUID {
				return uid
			}
		}
		select {
		case <-ctx.Done():
			return unknownUID
		case <-tick.C:
		}
	}
}

// find reads one table: sl local remote st tx:rx tr:when retrnsmt uid timeout inode. Addresses are groups of four bytes
// in the machine's order, so 127.0.0.1 ends in 0100007F in either family.
func find(text []byte, local, remote int) int {
	from, to := hexPort(local), hexPort(remote)
	uid := unknownUID
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || !loopback(f[1], from) || !loopback(f[2], to) {
			continue
		}
		switch f[3] {
		case "01", "02", "08": // established, SYN sent, closed by us only: rows of the others may have no owner
		default:
			continue
		}
		n, err := strconv.ParseUint(f[7], 10, 31)
		if err != nil || uid != unknownUID && uid != int(n) {
			return unknownUID
		}
		uid = int(n)
	}
	return uid
}

func hexPort(p int) string {
	return strings.ToUpper(strconv.FormatInt(int64(p)+0x10000, 16)[1:])
}

// loopback says whether a column is 127.0.0.1 with that port, as IPv4 or mapped into IPv6.
func loopback(column, port string) bool {
	address, p, ok := strings.Cut(column, ":")
	if !ok || p != port {
		return false
	}
	return address == "0100007F" || address == "0000000000000000FFFF00000100007F"
}
