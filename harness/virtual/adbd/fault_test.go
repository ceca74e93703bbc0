package adbd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smart opens a service of the phone by adb's smart socket, as any client does: no client's own handling of errors.
func (s *adbServer) smart(t testing.TB, phone *Server, service string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	for _, req := range []string{"host:transport:" + phone.Addr().String(), service} {
		io.WriteString(c, hex4(req))
		status := make([]byte, 4)
		if _, err := io.ReadFull(c, status); err != nil || string(status) != "OKAY" {
			t.Fatalf("%s: %q %v", req, status, err)
		}
	}
	return c
}

func struck(t *testing.T, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(time.Minute):
		t.Fatal("the fault did not strike")
	}
}

func TestCutOutput(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	const v2 = "shell,v2,raw:"
	packet := func(id byte, data string) string { return string(appendV2(nil, id, []byte(data))) }
	for _, tc := range []struct {
		name    string
		fault   Fault
		service string
		want    string
	}{
		{"link lost in mid-output", Fault{Kind: LoseLink, After: 4}, v2 + "echo half of it", packet(v2Stdout, "half")},
		{"link lost before any output", Fault{Kind: LoseLink}, v2 + "echo none", ""},
		{"link lost at the end", Fault{Kind: LoseLink, After: 1 << 40}, v2 + "echo all", packet(v2Stdout, "all\n")},
		{"link lost, command goes on", Fault{Kind: LoseLink, After: 8}, v2 + "wait", packet(v2Stdout, "waiting\n")},
		{"link lost, v1", Fault{Kind: LoseLink, After: 4}, "shell:echo half of it", "half"},
		{"no exit packet", Fault{Kind: NoExit, After: 4}, v2 + "echo half of it", packet(v2Stdout, "half")},
		{"no exit packet at the end", Fault{Kind: NoExit, After: 1000}, v2 + "both", packet(v2Stdout, "out\n") + packet(v2Stderr, "err\n")},
		{"no exit packet, large", Fault{Kind: NoExit, After: 3 << 20}, "exec:zeros 9999999", string(make([]byte, 3<<20))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			hit := phone.Inject(tc.fault)
			got, err := io.ReadAll(adb.smart(t, phone, tc.service))
			if err != nil || !bytes.Equal(bytes.TrimSpace(got), []byte(strings.TrimSpace(tc.want))) {
				t.Errorf("got %d bytes %.80q %v, want %d bytes %.80q", len(got), got, err, len(tc.want), tc.want)
			}
			struck(t, hit)
			adb.back(t, phone)
			if got := adb.adb(t, phone, "shell", "echo", "alive"); got != "alive\n" {
				t.Errorf("afterwards: %q", got)
			}
		})
	}
}

func TestFaultStrikesOnlyItsCommand(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	hit := phone.Inject(Fault{Kind: Hang, Match: "uiautomator"})
	if got := adb.adb(t, phone, "shell", "echo", "other"); got != "other\n" {
		t.Errorf("%q", got)
	}
	if isClosed(hit) {
		t.Error("the fault struck another command")
	}
	c := adb.smart(t, phone, "shell,v2,raw:uiautomator dump")
	struck(t, hit)
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	var timeout net.Error
	if _, err := c.Read(make([]byte, 1)); !errors.As(err, &timeout) {
		t.Errorf("a hanging command answered: %v", err)
	}
	if got := phone.Stats().Commands; got != 1 {
		t.Errorf("%d commands, want the hanging one", got)
	}
	c.Close()
	eventually(t, func() bool { return phone.Stats().Commands == 0 }, func() string { return "the hanging command did not end" })
	if r := adb.run(t, nil, "-s", phone.Addr().String(), "shell", "uiautomator"); r.code != 127 {
		t.Errorf("the fault struck twice: %+v", r)
	}
}

// A client that leaves hangs up a shell v2 command; a v1 command goes on until the phone goes down, as on Android.
func TestHangUp(t *testing.T) {
	adb := startADB(t)
	phone, toy := startPhone(t, Options{})
	adb.connect(t, phone)
	leave := func(service string) {
		t.Helper()
		c := adb.smart(t, phone, service)
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	leave("shell,v2,raw:wait v2")
	if got := <-toy.hungUp; got != "wait v2" {
		t.Errorf("%q", got)
	}
	leave("shell:wait v1")
	eventually(t, func() bool { s := phone.Stats(); return s.Streams == 0 && s.Commands == 1 }, func() string { return "v1" })
	phone.PowerOff()
	if got := <-toy.hungUp; got != "wait v1" {
		t.Errorf("%q", got)
	}
}

func TestFreeze(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	phone.Freeze()
	c, err := net.Dial("tcp", adb.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, hex4("host:transport:"+phone.Addr().String()))
	if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, hex4("shell:echo thawed"))
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	var timeout net.Error
	if _, err := c.Read(make([]byte, 4)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a frozen phone answered: %v", err)
	}
	if got := adb.state(t, phone); got != "device" {
		t.Errorf("state of a frozen phone: %q", got)
	}
	phone.Thaw()
	c.SetReadDeadline(time.Now().Add(time.Minute))
	if got, err := io.ReadAll(c); string(got) != "OKAYthawed\n" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestRefuseServices(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	serial := phone.Addr().String()
	phone.RefuseServices("sync:", "shell,v2")
	for _, args := range [][]string{{"shell", "echo", "x"}, {"ls", "/"}} {
		if r := adb.run(t, nil, append([]string{"-s", serial}, args...)...); r.code == 0 || !strings.Contains(r.err+r.out, "closed") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if got := adb.adb(t, phone, "shell", "-x", "echo", "v1"); got != "v1\n" {
		t.Errorf("%q", got)
	}
	phone.RefuseServices()
	if got := adb.adb(t, phone, "shell", "echo", "again"); got != "again\n" {
		t.Errorf("%q", got)
	}
	// What no virtual phone serves is refused without a fault.
	for _, args := range [][]string{{"root"}, {"remount"}, {"tcpip", "5555"}, {"jdwp"}} {
		if r := adb.run(t, nil, append([]string{"-s", serial}, args...)...); !strings.Contains(r.err+r.out, "closed") {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

func TestMuteHandshake(t *testing.T) {
	phone, _ := startPhone(t, Options{})
	phone.MuteHandshake(true)
	host := dialHost(t, phone)
	host.send(packet{cmd: cmdCNXN, arg0: versionNow, arg1: 1 << 20, data: []byte("host::")})
	host.silent()
	phone.MuteHandshake(false)
	host.send(packet{cmd: cmdCNXN, arg0: versionNow, arg1: 1 << 20, data: []byte("host::")})
	if p := host.read(); p.cmd != cmdCNXN {
		t.Errorf("%+v", p)
	}
}

func TestReboot(t *testing.T) {
	adb := startADB(t)
	phone, toy := startPhone(t, Options{})
	adb.connect(t, phone)
	adb.adb(t, phone, "reverse", "tcp:8080", "tcp:1")
	c := adb.smart(t, phone, "shell:wait v1")
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	toy.down = make(chan struct{})
	adb.adb(t, phone, "reboot", "bootloader")
	if got := <-toy.reboots; got != "bootloader" {
		t.Errorf("mode %q", got)
	}
	if got := <-toy.hungUp; got != "wait v1" {
		t.Errorf("%q", got)
	}
	eventually(t, func() bool { return phone.Stats() == Stats{} }, func() string { return fmt.Sprintf("while down: %+v", phone.Stats()) })
	close(toy.down)
	adb.run(t, nil, "disconnect", phone.Addr().String())
	eventually(t, func() bool {
		return strings.HasPrefix(adb.run(t, nil, "connect", phone.Addr().String()).out, "connected")
	}, func() string { return "the phone did not come up" })
	if got := phone.Reverses(); got != nil {
		t.Errorf("reverses after a reboot: %v", got)
	}
	if got := adb.adb(t, phone, "shell", "echo", "up"); got != "up\n" {
		t.Errorf("%q", got)
	}
}

func TestPowerOff(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	phone.PowerOff()
	eventually(t, func() bool { return adb.state(t, phone) != "device" }, func() string { return "still a device" })
	if r := adb.run(t, nil, "-s", phone.Addr().String(), "shell", "echo", "x"); r.code == 0 {
		t.Errorf("%+v", r)
	}
	if _, err := phone.DialReverse(t.Context(), 8080); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a phone that is off has a network: %v", err)
	}
	adb.run(t, nil, "disconnect", phone.Addr().String())
	if got := adb.run(t, nil, "connect", phone.Addr().String()).out; !strings.Contains(got, "Connection refused") {
		t.Errorf("connecting to a phone that is off: %q", got)
	}
	if err := phone.PowerOn(); err != nil {
		t.Fatal(err)
	}
	adb.connect(t, phone)
	if got := adb.adb(t, phone, "shell", "echo", "on"); got != "on\n" {
		t.Errorf("%q", got)
	}
}

func TestForward(t *testing.T) {
	adb := startADB(t)
	echo := echoServer(t)
	phone, _ := startPhone(t, Options{Dial: dialOnly("tcp:7", echo.Addr().String())})
	adb.connect(t, phone)
	dial := func(target string) net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", "127.0.0.1:"+strings.TrimSpace(adb.adb(t, phone, "forward", "tcp:0", target)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(time.Minute))
		return c
	}
	c := dial("tcp:7")
	io.WriteString(c, "forwarded")
	got := make([]byte, 9)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "forwarded" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := io.ReadAll(dial("tcp:8")); len(got) > 0 {
		t.Errorf("a refused port answered %q %v", got, err)
	}
}
