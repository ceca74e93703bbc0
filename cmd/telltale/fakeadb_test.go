package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// fakeADB is an adb server that knows four phones and no more than listing them. It ends a connection that asks for
// anything else.
type fakeADB struct{ addr string }

const fakeList = "7c2d9a10               device usb:1-10 product:ginkgo model:Redmi_Note_8 device:ginkgo transport_id:1\n" +
	"0123456789ABCDEF       unauthorized usb:1-2 transport_id:2\n" +
	"evil\x1b[2J               offline transport_id:3\n" +
	"(no serial number)     device usb:1-4 product:p model:No_Name device:d transport_id:7\n"

func startFakeADB(t *testing.T) fakeADB {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go answer(conn)
		}
	}()
	return fakeADB{l.Addr().String()}
}

func answer(conn net.Conn) {
	defer conn.Close()
	var head [4]byte
	var n [2]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return
	}
	if _, err := hex.Decode(n[:], head[:]); err != nil {
		return
	}
	request := make([]byte, int(n[0])<<8|int(n[1]))
	if _, err := io.ReadFull(conn, request); err != nil {
		return
	}
	reply := ""
	switch r := string(request); {
	case r == "host:version":
		reply = "0029"
	case r == "host:devices-l":
		reply = fakeList
	case r == "host:devices":
		reply = strings.Join(strings.Fields(fakeList)[:2], "\t") + "\n"
	default:
		fmt.Fprintf(conn, "FAIL%04xdevice not found", len("device not found"))
		return
	}
	fmt.Fprintf(conn, "OKAY%04x%s", len(reply), reply)
}
