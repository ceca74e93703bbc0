package adbd

import (
	"io"
	"testing"
)

// Round trip of one command through the real adb server, on a raw smart socket.
func BenchmarkCommand(b *testing.B) {
	adb := startADB(b)
	phone, _ := startPhone(b, Options{})
	adb.connect(b, phone)
	for name, service := range map[string]string{"v1": "shell:echo hi", "v2": "shell,v2,raw:echo hi"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c := adb.smart(b, phone, service)
				if got, err := io.ReadAll(c); err != nil || len(got) < 3 {
					b.Fatal(got, err)
				}
				c.Close()
			}
		})
	}
}

func BenchmarkExecOut(b *testing.B) {
	adb := startADB(b)
	phone, _ := startPhone(b, Options{})
	adb.connect(b, phone)
	b.SetBytes(2 << 20)
	for b.Loop() {
		c := adb.smart(b, phone, "exec:zeros 2097152")
		if n, err := io.Copy(io.Discard, c); err != nil || n != 2<<20 {
			b.Fatal(n, err)
		}
		c.Close()
	}
}

// One MiB there and back through a reversed port.
func BenchmarkReverse(b *testing.B) {
	adb := startADB(b)
	phone, _ := startPhone(b, Options{})
	adb.connect(b, phone)
	adb.adb(b, phone, "reverse", "tcp:8080", hostTarget(echoServer(b).Addr()))
	c, err := phone.DialReverse(b.Context(), 8080)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	data, back := make([]byte, 1<<20), make([]byte, 1<<20)
	b.SetBytes(2 << 20)
	for b.Loop() {
		go c.Write(data)
		if _, err := io.ReadFull(c, back); err != nil {
			b.Fatal(err)
		}
	}
}
