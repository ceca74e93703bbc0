package adb

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// A server that is killed answers again on its port, until it dies too often: then that is said, and it stays dead.
func TestKeepAlive(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real adb server")
	}
	p, err := StartPrivate(t.Context(), PrivateOptions{Home: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var mu sync.Mutex
	var said []string
	stop := p.KeepAlive(context.Background(), func(err error) { mu.Lock(); defer mu.Unlock(); said = append(said, err.Error()) })
	defer stop()
	heard := func() string { mu.Lock(); defer mu.Unlock(); return strings.Join(said, "\n") }
	for n := 1; n <= revivals; n++ {
		dead := p.Done()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		<-dead
		for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			_, err := p.Version(t.Context())
			alive := p.Done()
			if err == nil && alive != dead {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("killed %d times: it did not come back: %v\n%s", n, err, heard())
			}
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !strings.Contains(heard(), "given up"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("nobody gave up: %s", heard())
		}
	}
	if _, err := p.Version(t.Context()); CodeOf(err) != ServerGone {
		t.Errorf("a server that was given up answers: %v", err)
	}
}
