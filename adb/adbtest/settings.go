package adbtest

import (
	"context"
	"errors"
	"testing"

	"github.com/telltale-farm/telltale/adb"
)

func settings(t *testing.T, s suite) {
	ctx := s.within(t)
	for _, namespace := range []string{"global", "secure", "system"} {
		t.Run(namespace, func(t *testing.T) {
			key := adb.Setting{Namespace: namespace, Key: "telltale_conformance"}
			if namespace == "system" {
				key.Key = "volume_music_speaker" // Android takes only known keys there
			}
			before, err := s.d.Setting(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.putBack(t, key, before) })
			values := []string{"1", "15"}
			if namespace != "system" {
				values = append(values, "two words", "it's $HOME", "127.0.0.1:8080", "é")
			}
			for _, v := range values {
				if err := s.d.PutSetting(ctx, key, v); err != nil {
					t.Errorf("putting %q: %v", v, err)
					continue
				}
				got, err := s.d.Setting(ctx, key)
				check(t, "reading it back", got == adb.Value{Set: true, Value: v}, got, err)
			}
			for range 2 { // the second time it is not there
				if err := s.d.DeleteSetting(ctx, key); err != nil {
					t.Error(err)
				}
			}
			got, err := s.d.Setting(ctx, key)
			check(t, "after it was deleted", got == adb.Value{}, got, err)
		})
	}
	snap, err := s.d.Snapshot(ctx, adb.ProxySettings...)
	check(t, "snapshot", len(snap) == len(adb.ProxySettings), snap, err)
}

func proxy(t *testing.T, s suite) {
	ctx := s.within(t)
	before, err := s.d.Snapshot(ctx, adb.ProxySettings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := s.after()
		defer cancel()
		if err := s.d.ClearProxy(ctx); err != nil {
			t.Error(err)
		}
		for _, key := range adb.ProxySettings {
			s.putBack(t, key, before[key])
		}
	})
	inEffect := func(when, want string) {
		t.Helper()
		if s.Proxy == nil {
			return
		}
		var got string
		err := s.soon(ctx, func() (_ bool, err error) { // Android's observer takes a moment
			got, err = s.Proxy(ctx, s.d)
			return got == want, err
		})
		check(t, "proxy in effect "+when, got == want, got, err)
	}
	set := func() {
		t.Helper()
		if err := s.d.SetProxy(ctx, "127.0.0.1", port); err != nil {
			t.Fatal(err)
		}
		inEffect("when it is set", "127.0.0.1:18099")
	}
	set()
	if err := s.d.DeleteSetting(ctx, adb.HTTPProxy); err != nil {
		t.Error(err)
	}
	inEffect("when the setting was deleted, which clears nothing", "127.0.0.1:18099")
	set()
	if err := s.d.ClearProxy(ctx); err != nil {
		t.Fatal(err)
	}
	inEffect("when it was cleared", "")
	now, err := s.d.Snapshot(ctx, adb.ProxySettings...)
	check(t, "http_proxy after clearing", now[adb.HTTPProxy].Value == ":0", now, err)
	for _, key := range adb.ProxySettings[1:] {
		check(t, key.String()+" after clearing", !now[key].Set, now[key], nil)
	}
	if err := s.d.SetProxy(ctx, "::1", port); !errors.Is(err, adb.Usage) {
		t.Errorf("an IPv6 address, which Android cuts at its first colon: %v", err)
	}
}

func (s suite) putBack(t *testing.T, key adb.Setting, old adb.Value) {
	t.Helper()
	ctx, cancel := s.after()
	defer cancel()
	if err := restore(ctx, s.d, key, old); err != nil {
		t.Errorf("putting %s back: %v", key, err)
	}
}

func restore(ctx context.Context, d *adb.Device, key adb.Setting, old adb.Value) error {
	if !old.Set {
		return d.DeleteSetting(ctx, key)
	}
	return d.PutSetting(ctx, key, old.Value)
}
