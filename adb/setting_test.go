package adb

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// store is a settings provider behind a fake adb server, that follows Android's ProxyTracker.
type store struct {
	mu     sync.Mutex
	values map[string]string
	refuse string // printed instead of obeying
	exit   byte
	keep   bool // obeys put without doing it
}

func (s *store) device(t *testing.T) *Device {
	f := startFake(t, nil)
	f.serve = func(c *fakeConn, request string) bool {
		if request == featuresRequest {
			says("shell_v2")(c)
			return true
		}
		line, ok := strings.CutPrefix(request, "shell,v2,raw:'settings' ")
		if !ok {
			return false
		}
		argv := strings.Split(strings.Trim(line, "'"), "' '")
		out, errs, code := s.run(argv)
		prints(out, errs, code)(c)
		return true
	}
	return f.device(Options{})
}

func (s *store) run(argv []string) (string, string, byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := argv[1] + " " + argv[2]
	switch argv[0] {
	case "get":
		if v, ok := s.values[key]; ok {
			return v + "\n", "", 0
		}
		return "null\n", "", 0
	case "put":
		switch {
		case s.refuse != "":
			return "", s.refuse, s.exit
		case s.keep:
			return "", "", 0
		}
		s.values[key] = argv[3]
		if key == HTTPProxy.String() {
			host, port, _ := strings.Cut(argv[3], ":")
			s.values["global global_http_proxy_host"], s.values["global global_http_proxy_port"] = host, port
		}
		return "", "", 0
	case "delete":
		if s.refuse != "" {
			return "", s.refuse, s.exit
		}
		delete(s.values, key)
		return "Deleted 1 rows\n", "", 0
	}
	return "", "usage", 1
}

func TestSettings(t *testing.T) {
	s := &store{values: map[string]string{"global empty": ""}}
	d, ctx := s.device(t), t.Context()
	key := Setting{"global", "telltale"}
	if v, err := d.Setting(ctx, key); v.Set || v.Pointer() != nil || err != nil {
		t.Errorf("unset: %+v, %v", v, err)
	}
	if v, err := d.Setting(ctx, Setting{"global", "empty"}); !v.Set || v.Value != "" || *v.Pointer() != "" || err != nil {
		t.Errorf("empty: %+v, %v", v, err)
	}
	if err := d.PutSetting(ctx, key, "a b"); err != nil {
		t.Error(err)
	}
	snap, err := d.Snapshot(ctx, key, Setting{"secure", "none"})
	want := map[Setting]Value{key: {true, "a b"}, {"secure", "none"}: {}}
	if diff := cmp.Diff(want, snap); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	if err := d.DeleteSetting(ctx, key); err != nil {
		t.Error(err)
	}
	for _, bad := range []Setting{{"globl", "x"}, {"global", ""}, {"global", "a b"}, {"global", "--user"}, {"global", "x;y"}} {
		if _, err := d.Setting(ctx, bad); !errors.Is(err, Usage) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	for _, bad := range []string{"null", "two\nlines"} {
		if err := d.PutSetting(ctx, key, bad); !errors.Is(err, Usage) {
			t.Errorf("value %q: %v", bad, err)
		}
	}
}

func TestSettingsRefused(t *testing.T) {
	denial := "\nException occurred while executing 'put':\njava.lang.SecurityException: Permission denial: writing to settings requires:android.permission.WRITE_SECURE_SETTINGS\n\tat com.x\n"
	tests := []struct {
		name string
		s    *store
		want Code
	}{
		{"denied with a status", &store{refuse: denial, exit: 255}, Denied},
		{"denied with status 0", &store{refuse: denial}, Denied},
		{"denied in other words", &store{refuse: "com.android.shell was not granted WRITE_SETTINGS"}, Denied},
		{"another exception with status 0", &store{refuse: "Exception occurred while executing 'put':\njava.lang.NullPointerException\n"}, Refused},
		{"taken and forgotten", &store{keep: true}, NotKept},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.s.values = map[string]string{}
			err := tt.s.device(t).PutSetting(t.Context(), Setting{"global", "x"}, "1")
			if !errors.Is(err, tt.want) || ClassOf(err) != ClassPhone {
				t.Errorf("error %v", err)
			}
			if tt.want == Denied && !strings.Contains(err.Error(), "USB debugging (Security settings)") {
				t.Errorf("no remedy in %v", err)
			}
		})
	}
}

func TestProxySettings(t *testing.T) {
	s := &store{values: map[string]string{}}
	d, ctx := s.device(t), t.Context()
	if err := d.SetProxy(ctx, "127.0.0.1", 18080); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"global http_proxy": "127.0.0.1:18080", "global global_http_proxy_host": "127.0.0.1", "global global_http_proxy_port": "18080"}
	if diff := cmp.Diff(want, s.values); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := d.ClearProxy(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"global http_proxy": ":0"}, s.values); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for host, port := range map[string]int{"::1": 80, "": 80, "a b": 80, "h:1": 80, "127.0.0.1": 0} {
		if err := d.SetProxy(ctx, host, port); !errors.Is(err, Usage) {
			t.Errorf("%s %d: %v", host, port, err)
		}
	}
}
