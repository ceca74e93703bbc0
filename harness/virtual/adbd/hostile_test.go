package adbd

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
)

// Each of these must close the link and leave the phone usable.
func TestHostilePackets(t *testing.T) {
	phone, _ := startPhone(t, Options{})
	raw := func(words ...uint32) []byte {
		var b []byte
		for _, w := range words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return b
	}
	for name, sent := range map[string][]byte{
		"unknown command":     raw(0x534c5453, 0, 0, 0, 0, ^uint32(0x534c5453)), // STLS
		"wrong magic":         raw(cmdOPEN, 1, 0, 0, 0, cmdOPEN),
		"wrong sum":           append(raw(cmdOPEN, 1, 0, 6, 7, ^cmdOPEN), "sync:\x00"...),
		"4 GiB payload":       raw(cmdWRTE, 1, 1, 0xffffffff, 0, ^cmdWRTE),
		"over the maximum":    raw(cmdWRTE, 1, 1, 1<<20+1, 0, ^cmdWRTE),
		"large CNXN":          raw(cmdCNXN, versionNow, 1<<20, maxHandshake+1, 0, ^cmdCNXN),
		"OKAY with a payload": raw(cmdOKAY, 1, 1, maxIgnored+1, 0, ^cmdOKAY),
		"old CNXN":            raw(cmdCNXN, 1, 1<<20, 0, 0, ^cmdCNXN),
		"CNXN of 1 byte":      raw(cmdCNXN, versionNow, 1, 0, 0, ^cmdCNXN),
		"HTTP":                []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			h := online(t, phone)
			h.c.Write(sent)
			h.closed()
		})
	}
	online(t, phone)
}

func TestNothingBeforeTheHandshake(t *testing.T) {
	phone, toy := startPhone(t, Options{Auth: Prompt})
	h := dialHost(t, phone)
	for range 2 {
		h.open(1, "shell:wait")
		h.send(packet{cmd: cmdWRTE, arg0: 1, arg1: 1, data: []byte("x")})
		h.silent()
		h.send(packet{cmd: cmdCNXN, arg0: versionNow, arg1: 1 << 20})
		if p := h.read(); p.cmd != cmdAUTH || p.arg0 != authToken || len(p.data) != tokenSize {
			t.Errorf("%+v", p)
		}
	}
	if len(toy.hungUp) != 0 || phone.Stats().Commands != 0 {
		t.Error("a command ran without authorisation")
	}
	h.send(packet{cmd: cmdAUTH, arg0: authPublicKey, data: []byte("junk")})
	h.closed()
}

func TestAuthTriesAreBounded(t *testing.T) {
	phone, _ := startPhone(t, Options{Auth: Prompt})
	h := dialHost(t, phone)
	h.send(packet{cmd: cmdCNXN, arg0: versionNow, arg1: 1 << 20})
	tokens := map[string]bool{}
	for range maxSignatures {
		tokens[string(h.read().data)] = true
		h.send(packet{cmd: cmdAUTH, arg0: authSignature, data: make([]byte, 256)})
	}
	if len(tokens) != maxSignatures {
		t.Errorf("%d different tokens for %d tries", len(tokens), maxSignatures)
	}
	h.read()
	h.send(packet{cmd: cmdAUTH, arg0: authSignature})
	h.closed()
}

func TestStreamRules(t *testing.T) {
	phone, _ := startPhone(t, Options{})
	h := online(t, phone)

	t.Run("back-pressure and one WRTE in flight", func(t *testing.T) {
		h.open(7, "exec:zeros 3000000")
		id := h.want(cmdOKAY, 7, "")
		first := h.read()
		if first.cmd != cmdWRTE || first.arg0 != id || len(first.data) == 0 {
			t.Fatalf("%+v", first)
		}
		h.silent()
		got := len(first.data)
		for {
			h.send(packet{cmd: cmdOKAY, arg0: 7, arg1: id})
			p := h.read()
			if p.cmd == cmdCLSE {
				break
			}
			got += len(p.data)
		}
		if got != 3_000_000 {
			t.Errorf("%d bytes", got)
		}
	})
	t.Run("OKAY only when consumed", func(t *testing.T) {
		h.open(8, "exec:wait") // reads no stdin
		id := h.want(cmdOKAY, 8, "")
		h.want(cmdWRTE, 8, "waiting\n")
		h.send(packet{cmd: cmdOKAY, arg0: 8, arg1: id})
		h.send(packet{cmd: cmdWRTE, arg0: 8, arg1: id, data: []byte("x")})
		h.silent()
		h.send(packet{cmd: cmdCLSE, arg0: 8, arg1: id})
		h.want(cmdCLSE, 8, "")
	})
	t.Run("CLSE of an unknown stream is ignored", func(t *testing.T) {
		h.send(packet{cmd: cmdCLSE, arg0: 99, arg1: 98})
		h.send(packet{cmd: cmdWRTE, arg0: 99, arg1: 98, data: []byte("x")})
		h.silent()
	})
	t.Run("OKAY of an unknown stream gets CLSE", func(t *testing.T) {
		h.send(packet{cmd: cmdOKAY, arg0: 99, arg1: 98})
		if id := h.want(cmdCLSE, 99, ""); id != 98 {
			t.Errorf("CLSE from %d", id)
		}
	})
	t.Run("packets of another host stream do not count", func(t *testing.T) {
		h.open(10, "exec:cat")
		id := h.want(cmdOKAY, 10, "")
		h.send(packet{cmd: cmdWRTE, arg0: 11, arg1: id, data: []byte("x")})
		h.send(packet{cmd: cmdCLSE, arg0: 11, arg1: id})
		h.silent()
		h.send(packet{cmd: cmdWRTE, arg0: 10, arg1: id}) // nothing to consume
		h.want(cmdOKAY, 10, "")
		h.send(packet{cmd: cmdWRTE, arg0: 10, arg1: id, data: []byte("y")})
		h.want(cmdOKAY, 10, "")
		h.want(cmdWRTE, 10, "y")
		h.send(packet{cmd: cmdCLSE, arg0: 10, arg1: id})
		h.want(cmdCLSE, 10, "")
	})
	t.Run("CLSE waits for the last OKAY", func(t *testing.T) {
		h.open(12, "exec:echo x")
		id := h.want(cmdOKAY, 12, "")
		h.want(cmdWRTE, 12, "x\n")
		h.silent()
		h.send(packet{cmd: cmdOKAY, arg0: 12, arg1: id})
		h.want(cmdCLSE, 12, "")
	})
	for _, dest := range []string{"", "shell", "exec:", "sync:x", "abb_exec:package\x00install", "root:", "tcp:80", "usb:",
		"reverse", "jdwp", "track-jdwp", "framebuffer:", strings.Repeat("a", 1<<19)} {
		h.open(13, dest)
		if id := h.want(cmdCLSE, 13, ""); id != 0 {
			t.Errorf("refusal of %.20q has id %d", dest, id)
		}
	}
	t.Run("CNXN starts the link anew", func(t *testing.T) {
		h.open(14, "reverse:forward:tcp:8080;tcp:1")
		h.want(cmdOKAY, 14, "")
		h.want(cmdWRTE, 14, "OKAY")
		h.send(packet{cmd: cmdCNXN, arg0: versionNow, arg1: 1 << 20})
		h.want(cmdCNXN, phone.cnxnMax, "device::ro.product.name=begonia;ro.product.model=Redmi Note 8 Pro;ro.product.device=begonia;features=shell_v2,cmd,stat_v2,ls_v2")
		if got := phone.Reverses(); got != nil {
			t.Errorf("reverses %v", got)
		}
	})
}

func TestWindowSize(t *testing.T) {
	phone, _ := startPhone(t, Options{})
	h := online(t, phone)
	h.open(1, "shell,v2,TERM=vt100,pty:")
	id := h.want(cmdOKAY, 1, "")
	say := func(packets ...[]byte) {
		t.Helper()
		h.send(packet{cmd: cmdWRTE, arg0: 1, arg1: id, data: bytes.Join(packets, nil)})
	}
	hear := func(want string) {
		t.Helper()
		for got := ""; !strings.Contains(got, want); {
			p := h.read()
			if p.cmd == cmdWRTE {
				got += string(p.data[v2Header:])
				h.send(packet{cmd: cmdOKAY, arg0: 1, arg1: id})
			} else if p.cmd != cmdOKAY {
				t.Fatalf("%+v after %q", p, got)
			}
		}
	}
	hear("$ ")
	for _, tc := range []struct{ window, want string }{
		{"24x80,0x0\x00", "24x80 vt100\r\n"},
		{"50x132,1x1", "50x132 vt100\r\n"},
		{"-1x99999999,0x0", "50x132 vt100\r\n"},
		{strings.Repeat("9", 100), "50x132 vt100\r\n"},
	} {
		say(appendV2(nil, v2Window, []byte(tc.window)), appendV2(nil, v2Stdin, []byte("window\r")))
		hear(tc.want)
	}
}

func TestLimits(t *testing.T) {
	t.Run("streams", func(t *testing.T) {
		phone, _ := startPhone(t, Options{Limits: Limits{Streams: 2}})
		h := online(t, phone)
		h.open(1, "exec:cat")
		h.want(cmdOKAY, 1, "")
		h.open(2, "exec:cat")
		id := h.want(cmdOKAY, 2, "")
		h.open(3, "exec:cat")
		h.want(cmdCLSE, 3, "")
		h.send(packet{cmd: cmdCLSE, arg0: 2, arg1: id})
		h.want(cmdCLSE, 2, "")
		h.open(4, "exec:cat")
		h.want(cmdOKAY, 4, "")
	})
	t.Run("commands", func(t *testing.T) {
		phone, _ := startPhone(t, Options{Limits: Limits{Commands: 1}})
		h := online(t, phone)
		h.open(1, "shell:wait")
		h.want(cmdOKAY, 1, "")
		h.want(cmdWRTE, 1, "waiting\n")
		h.open(2, "shell:echo x")
		h.want(cmdCLSE, 2, "")
	})
	t.Run("buffered", func(t *testing.T) {
		phone, _ := startPhone(t, Options{Limits: Limits{Buffered: 100_000}})
		h := online(t, phone)
		h.open(1, "exec:wait")
		id := h.want(cmdOKAY, 1, "")
		for range 2 {
			h.send(packet{cmd: cmdWRTE, arg0: 1, arg1: id, data: make([]byte, 60_000)})
		}
		h.closed()
		eventually(t, func() bool { return phone.Stats().Links == 0 }, func() string { return "the link stays" })
	})
	t.Run("links", func(t *testing.T) {
		phone, _ := startPhone(t, Options{Limits: Limits{Links: 1}})
		first := online(t, phone)
		if c, err := net.Dial("tcp", phone.Addr().String()); err == nil { // or reset before connect has returned
			(&host{t, c}).closed()
			c.Close()
		}
		first.c.Close()
		eventually(t, func() bool { return phone.Stats().Links == 0 }, func() string { return "the link stays" })
		online(t, phone)
	})
	t.Run("CLSE storm", func(t *testing.T) {
		phone, _ := startPhone(t, Options{})
		h := online(t, phone)
		for i := range uint32(5000) {
			h.send(packet{cmd: cmdCLSE, arg0: i, arg1: i})
		}
		h.open(1, "exec:cat")
		h.want(cmdOKAY, 1, "")
	})
}

// A phone may only open exact targets of the link's own table: anything else ends the whole adb server.
func TestOpensOnlyItsOwnReverses(t *testing.T) {
	var hook strings.Builder
	phone, _ := startPhone(t, Options{OnReverse: func(port int, on bool) { fmt.Fprintln(&hook, port, on) }})
	reverse := func(h *host, id uint32, request string) {
		t.Helper()
		h.open(id, "reverse:"+request)
		stream := h.want(cmdOKAY, id, "")
		h.want(cmdWRTE, id, "OKAY")
		h.send(packet{cmd: cmdOKAY, arg0: id, arg1: stream})
		h.want(cmdCLSE, id, "")
	}
	dial := func() chan error {
		ch := make(chan error, 1)
		go func() {
			c, err := phone.DialReverse(t.Context(), 8080)
			if c != nil {
				c.Close()
			}
			ch <- err
		}()
		return ch
	}
	first := online(t, phone)
	reverse(first, 1, "forward:tcp:8080;tcp:18888")
	second := online(t, phone)
	eventually(t, func() bool { return phone.Stats().Online == 2 }, func() string { return "online" })

	got := dial() // the newest link has no such mapping: the older one is asked
	id := first.want(cmdOPEN, 0, "tcp:18888\x00")
	first.send(packet{cmd: cmdCLSE, arg0: 0, arg1: id})
	if err := <-got; !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused by the host: %v", err)
	}

	reverse(second, 2, "forward:tcp:8080;tcp:19999")
	got = dial()
	id = second.want(cmdOPEN, 0, "tcp:19999\x00")
	second.send(packet{cmd: cmdOKAY, arg0: 50, arg1: id})
	if err := <-got; err != nil {
		t.Error(err)
	}
	second.want(cmdCLSE, 50, "")
	first.silent()

	second.c.Close()
	eventually(t, func() bool { return phone.Stats().Links == 1 }, func() string { return "the link stays" })
	reverse(first, 3, "killforward:tcp:8080")
	if err := <-dial(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after killforward: %v", err)
	}
	first.silent()
	reverse(first, 4, "forward:tcp:9090;tcp:1")
	phone.Close()
	if got := hook.String(); got != "8080 true\n8080 false\n9090 true\n9090 false\n" {
		t.Errorf("the phone listened:\n%s", got)
	}
}

// The host accepts after the dialler gave up: it must be told.
func TestLateAccept(t *testing.T) {
	phone, _ := startPhone(t, Options{})
	h := online(t, phone)
	h.open(1, "reverse:forward:tcp:8080;tcp:1")
	stream := h.want(cmdOKAY, 1, "")
	h.want(cmdWRTE, 1, "OKAY")
	h.send(packet{cmd: cmdOKAY, arg0: 1, arg1: stream})
	h.want(cmdCLSE, 1, "")
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	gaveUp := make(chan error)
	go func() { _, err := phone.DialReverse(ctx, 8080); gaveUp <- err }()
	id := h.want(cmdOPEN, 0, "tcp:1\x00")
	giveUp()
	if err := <-gaveUp; err == nil {
		t.Fatal("dialled")
	}
	h.send(packet{cmd: cmdOKAY, arg0: 60, arg1: id})
	if got := h.want(cmdCLSE, 60, ""); got != id {
		t.Errorf("CLSE of %d, want %d", got, id)
	}
}
