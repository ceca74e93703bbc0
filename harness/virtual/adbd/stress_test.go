package adbd

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Apps dial all the time while the link is lost and made again: the adb server must live on, because the phone never
// asks it for a target that this very link did not reverse.
func TestDialersSurviveReconnects(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	target := hostTarget(echoServer(t).Addr())
	stop := make(chan struct{})
	var apps sync.WaitGroup
	var answered atomic.Int64
	for range 4 {
		apps.Go(func() {
			buf := make([]byte, 4)
			for !isClosed(stop) {
				c, err := phone.DialReverse(t.Context(), 8080)
				if err != nil {
					time.Sleep(100 * time.Microsecond)
					continue
				}
				c.SetDeadline(time.Now().Add(time.Minute))
				if _, err := c.Write([]byte("ping")); err == nil {
					if _, err := io.ReadFull(c, buf); err == nil {
						answered.Add(1)
					}
				}
				c.Close()
			}
		})
	}
	for cycle := range 25 {
		if cycle%5 == 4 {
			phone.DropLinks()
		}
		adb.run(t, nil, "disconnect", phone.Addr().String())
		adb.connect(t, phone)
		adb.adb(t, phone, "reverse", "tcp:8080", target)
		before := answered.Load()
		eventually(t, func() bool { return adb.isDead() || answered.Load() >= before+8 }, func() string { return "no app gets through" })
		if adb.isDead() {
			break // reported at the end
		}
	}
	close(stop)
	apps.Wait()
	eventually(t, func() bool { return phone.Stats().Streams == 0 }, func() string { return "streams left" })
}

// Output, input and links that end at any moment must leave nothing behind.
func TestPhonesComeAndGo(t *testing.T) {
	adb := startADB(t)
	var phones sync.WaitGroup
	for range 8 {
		phone, _ := startPhone(t, Options{RealListeners: true})
		adb.connect(t, phone)
		for i := range 12 {
			phones.Go(func() {
				work := []struct {
					service string
					read    int64
				}{{"exec:zeros 5000000", 100_000}, {"shell:wait", 8}, {"shell,v2,raw:lines 100000", 5000}, {"sync:", 0}}[i%4]
				c := adb.smart(t, phone, work.service)
				if _, err := io.CopyN(io.Discard, c, work.read); err != nil {
					t.Error(err)
				}
				if i%3 == 0 {
					c.Close()
				}
			})
		}
	}
	phones.Wait() // the phones are closed with commands still running
}
