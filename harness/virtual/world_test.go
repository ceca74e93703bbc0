package virtual_test

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// bench is a real adb server with one virtual phone on a stand-in internet.
type bench struct {
	server *adb.PrivateServer
	phone  *virtual.Phone
	device *adb.Device
	web    *internet.Internet
}

// open starts everything and connects the phone.
func open(t *testing.T, p personality.Personality, auth adbd.AuthPolicy) *bench {
	t.Helper()
	if _, err := exec.LookPath("adb"); err != nil {
		t.Skip("adb is not installed")
	}
	web, err := internet.Start(internet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { web.Close() })
	phone, err := virtual.New(virtual.Options{Personality: p, Internet: web, RootPEM: web.RootPEM(), Auth: auth, Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		phone.Close()
		if left := phone.ADB().Stats(); left != (adbd.Stats{}) {
			t.Errorf("after Close: %+v", left)
		}
	})
	if err := phone.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	log := new(syncBuffer)
	server, err := adb.StartPrivate(t.Context(), adb.PrivateOptions{Home: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-server.Done():
			t.Errorf("the adb server ended by itself:\n%s", log.String())
		default:
		}
		server.Close()
	})
	b := &bench{server: server, phone: phone, web: web, device: server.Device(phone.Addr().String(), adb.Options{})}
	if auth == adbd.NoAuth {
		b.connect(t)
	}
	return b
}

func (b *bench) connect(t *testing.T) {
	t.Helper()
	var err error
	for range connectTries {
		if err = b.server.Connect(t.Context(), b.device.Serial()); err == nil {
			if err = b.reaches(t); err == nil {
				return
			}
		}
		b.server.Disconnect(t.Context(), b.device.Serial())
	}
	t.Fatal(err)
}

// connectTries is how often a phone is connected: a link that ends while it is being made leaves the adb server waiting
// for ten seconds before it tries again by itself, and forgetting it is quicker.
const connectTries = 4

// online waits until the phone can be used.
func (b *bench) online(t *testing.T) {
	t.Helper()
	if err := b.reaches(t); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) reaches(t *testing.T) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return b.server.WaitState(ctx, b.device.Serial(), adb.StateDevice)
}

// shell runs a script that must end with status 0.
func (b *bench) shell(t *testing.T, script string) string {
	t.Helper()
	res, err := b.device.Script(t.Context(), script)
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", script, err, res.Stdout, res.Stderr)
	}
	return strings.TrimSuffix(string(res.Stdout), "\n")
}

// eventually waits until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
