package adbd

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

func TestDevicesList(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	out := adb.run(t, nil, "devices", "-l").out
	want := phone.Addr().String() + "         device product:begonia model:Redmi_Note_8_Pro device:begonia"
	if !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(strings.Fields(want), " ")) {
		t.Errorf("devices -l:\n%swant %s", out, want)
	}
	if got := adb.adb(t, phone, "features"); !strings.Contains(got, "shell_v2") || strings.Contains(got, "delayed_ack") {
		t.Errorf("features: %q", got)
	}
}

func TestCommands(t *testing.T) {
	adb := startADB(t)
	v2, _ := startPhone(t, Options{})
	v1, _ := startPhone(t, Options{Features: []string{"cmd"}})
	adb.connect(t, v2)
	adb.connect(t, v1)
	big := strings.Repeat("0123456789abcde\n", 12_000)
	for _, tc := range []struct {
		name  string
		phone *Server
		stdin string
		args  []string
		want  result
	}{
		{"v2 ok", v2, "", []string{"shell", "echo", "hi"}, result{"hi\n", "", 0}},
		{"v2 not quoted", v2, "", []string{"shell", "echo 'a  b'"}, result{"'a  b'\n", "", 0}},
		{"v2 code and stderr", v2, "", []string{"shell", "both"}, result{"out\n", "err\n", 3}},
		{"v2 code over 127", v2, "", []string{"shell", "exit", "200"}, result{"", "", 200}},
		{"v2 unknown", v2, "", []string{"shell", "nope"}, result{"", "/system/bin/sh: nope: inaccessible or not found\n", 127}},
		{"v2 stdin", v2, "piped\n", []string{"shell", "cat"}, result{"piped\n", "", 0}},
		{"v2 large stdin", v2, big, []string{"shell", "count"}, result{strconv.Itoa(len(big)) + "\n", "", 0}},
		{"v2 stdin not read", v2, big, []string{"shell", "exit", "4"}, result{"", "", 4}},
		{"v2 pty", v2, "", []string{"shell", "-t", "-t", "both"}, result{"out\r\nerr\r\n", "", 3}},
		{"v2 pty window", v2, "", []string{"shell", "-t", "-t", "window"}, result{"0x0 xterm\r\n", "", 0}},
		{"v1 of a v2 phone", v2, "", []string{"shell", "-x", "both"}, result{"out\nerr\n", "", 0}},
		{"v1", v1, "", []string{"shell", "both"}, result{"out\nerr\n", "", 0}},
		{"exec-out", v2, "", []string{"exec-out", "echo", "a b"}, result{"'a b'\n", "", 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := adb.run(t, strings.NewReader(tc.stdin), append([]string{"-s", tc.phone.Addr().String()}, tc.args...)...)
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestExecIn(t *testing.T) {
	adb := startADB(t)
	phone, toy := startPhone(t, Options{})
	adb.connect(t, phone)
	data := bytes.Repeat([]byte("exec-in "), 25_000)
	if r := adb.run(t, bytes.NewReader(data), "-s", phone.Addr().String(), "exec-in", "save /in"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	// The client may leave before the phone has read everything.
	eventually(t, func() bool { return toy.files.get("/in") != nil }, func() string { return "the file was not saved" })
	if got := toy.files.get("/in").Data; !bytes.Equal(got, data) {
		t.Errorf("saved %d bytes, want %d", len(got), len(data))
	}
}

func TestInteractiveShell(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	got := adb.run(t, strings.NewReader("echo onx\x7fe\rinterrupt\r\x03nope\rexit\r"),
		"-s", phone.Addr().String(), "shell", "-t", "-t")
	for _, want := range []string{"$ ", "echo onx\b \be\r\n", "one\r\n", "^C\r\n", "interrupted\r\n", "not found\r\n"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in %q", want, got.out)
		}
	}
}

func TestLargeOutput(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	const size = 10 << 20
	for _, verb := range []string{"shell", "exec-out"} {
		if got := len(adb.adb(t, phone, verb, "zeros "+strconv.Itoa(size))); got != size {
			t.Errorf("%s: %d bytes, want %d", verb, got, size)
		}
	}
	if got := strings.Count(adb.adb(t, phone, "shell", "lines 20000"), "\n"); got != 20_000 {
		t.Errorf("%d lines", got)
	}
}
