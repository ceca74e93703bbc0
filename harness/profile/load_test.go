package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLoadFillsInDefaults(t *testing.T) {
	got, err := Load("testdata/whole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("testdata/whole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(src)
	chrome := Browser{ID: "chrome", App: "com.android.chrome", Search: "www.google.com", SearchID: "google", Baseline: true}
	mi := Browser{ID: "mi", App: "com.android.browser", Search: "duckduckgo.com", SearchID: "duckduckgo"}
	want := &Config{
		Path:     filepath.Join(abs, "whole.yaml"),
		SHA256:   hex.EncodeToString(sum[:]),
		Sites:    Sites{Control: "control.telltale.test", Search: map[string]string{"duckduckgo": "duckduckgo.com", "google": "www.google.com"}},
		Browsers: []Browser{chrome, mi},
		Phones: []Phone{{
			ID: "redmi-note-8", Kind: USB, Serial: "00123456", ADB: "127.0.0.1:5038",
			Expect: map[string]string{"ro.product.device": "ginkgo", "ro.debuggable": "0", "ro.telltale.odd": "true"},
			Trust:  "apex", PINEnv: "REDMI_PIN", Allow: []string{},
			Settle: Settle{Min: 20 * time.Second, Max: 3 * time.Minute}, Repeat: 3, Trials: number(12), Record: Record{BodyCap: 64 << 20},
			Browsers: []Browser{mi, chrome},
			Accept: []Accept{
				{App: "com.google.android.gms", Host: "mtalk.google.com", Port: 5228, Why: "push service, own protocol"},
				{App: "*", Host: "*.push.example.org", Why: "any app may"},
				{App: "com.example.vpn", Host: "203.0.113.9", Why: "no name is known"},
			},
			Line: 16,
		}, {
			ID: "leaky-2020", Kind: Virtual, Personality: "leaky-2020",
			Expect: map[string]string{}, Trust: "user", Allow: []string{"force-stop", "reboot"},
			Settle: Settle{Min: 500 * time.Millisecond, Max: 10 * time.Second}, Repeat: 1, Trials: number(0), Record: Record{BodyCap: 512 << 10, Video: true},
			Upstream: Upstream{StandIn: true}, Browsers: []Browser{mi}, Accept: []Accept{}, Line: 30,
		}, {
			ID: "served", Kind: Virtual, Personality: "clean", Address: "127.0.0.1:5555",
			Expect: map[string]string{}, Trust: "user", Allow: []string{},
			Settle: Settle{Min: 20 * time.Second, Max: 2 * time.Minute}, Repeat: 3, Trials: number(12), Record: Record{BodyCap: 64 << 20},
			Upstream: Upstream{Resolve: "127.0.0.1:4433", Trust: filepath.Join(abs, "roots", "standin.pem")},
			Browsers: []Browser{}, Accept: []Accept{}, Line: 40,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

// What a virtual phone leaks on purpose must not reach the servers whose names it uses.
func TestVirtualPhonesNeverReachTheInternetByDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "devices.yaml")
	src := "version: 1\nphones:\n  - {id: a, kind: virtual, personality: clean}\n  - {id: b, kind: virtual, personality: clean, address: 'localhost:5555', upstream: {resolve: 'localhost:4433'}}\n  - {id: c, kind: usb, serial: abc}\n"
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, false} {
		if got := cfg.Phones[i].Upstream.StandIn; got != want {
			t.Errorf("phone %s: stand-in internet %v, want %v", cfg.Phones[i].ID, got, want)
		}
		if u := cfg.Phones[i].Upstream; cfg.Phones[i].Kind == Virtual && !u.StandIn && u.Resolve == "" {
			t.Errorf("phone %s would reach the real internet", cfg.Phones[i].ID)
		}
	}
}

// Windows line ends, and CRLF in the message's place.
func TestCRLF(t *testing.T) {
	path := filepath.Join(t.TempDir(), "devices.yaml")
	src := "version: 1\r\nphones:\r\n  - id: a\r\n    kind: usb\r\n    serial: abc\r\n"
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(path)
	if err != nil || cfg.Phones[0].Serial != "abc" {
		t.Fatalf("got %+v, %v", cfg, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(src, "kind: usb", "kind: bus", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Load(path); err == nil || !strings.Contains(err.Error(), ":4:11: ") {
		t.Errorf("got %v, want an error at 4:11", err)
	}
}

func TestDidYouMean(t *testing.T) {
	tests := []struct {
		got   string
		known []string
		want  string
	}{
		{"seral", []string{"id", "serial"}, `did you mean "serial"?`},
		{"usb ", []string{"usb", "virtual"}, `did you mean "usb"?`},
		{"kidn", []string{"id", "kind"}, `did you mean "kind"?`},
		{"Settle", []string{"settle"}, `did you mean "settle"?`},
		{"xy", []string{"id", "kind"}, "possible are id, kind"},
		{"anything", []string{"pin_env"}, "only pin_env is possible here"},
		{"anything", nil, "none is defined"},
	}
	for _, tt := range tests {
		if got := didYouMean(tt.got, tt.known); got != tt.want {
			t.Errorf("didYouMean(%q, %q) = %s, want %s", tt.got, tt.known, got, tt.want)
		}
	}
}

func number(n int) *int { return &n }
