package adb

import (
	"bytes"
	"testing"
)

// Every reader of a phone's text takes anything without a panic, and gives nothing together with an error.

func FuzzProps(f *testing.F) {
	seeds(f, "getprop")
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := ParseProps(in)
		if (err == nil) != (len(p) > 0) {
			t.Fatalf("%d properties, %v", len(p), err)
		}
	})
}

func FuzzPackages(f *testing.F) {
	f.Add(sample(f, "netstats/pm_list_packages_U.txt"))
	f.Fuzz(func(t *testing.T, in []byte) {
		list, err := ParsePackages(in)
		for _, p := range list {
			if err == nil && (p.Name == "" || p.UID < 0) {
				t.Fatalf("%+v", p)
			}
		}
		ParseVersions(in)
	})
}

func FuzzNetstats(f *testing.F) {
	seeds(f, "netstats")
	f.Fuzz(func(t *testing.T, in []byte) {
		got, _, err := parseNetstats(in)
		if err != nil && got != nil {
			t.Fatal("counters together with an error")
		}
		for uid, b := range got {
			if uid < 0 || b.RX < 0 || b.TX < 0 {
				t.Fatalf("%d: %+v", uid, b)
			}
		}
	})
}

func FuzzSockets(f *testing.F) {
	f.Add(sample(f, "netstats/proc_net_tcp6.txt"))
	f.Fuzz(func(t *testing.T, in []byte) {
		rows, err := ParseSockets("tcp6", in)
		for _, r := range rows {
			if err == nil && (!r.Local.IsValid() || !r.Remote.IsValid() || r.UID < 0) {
				t.Fatalf("%+v", r)
			}
		}
	})
}

func FuzzDumpsys(f *testing.F) {
	seeds(f, "dumpsys")
	f.Fuzz(func(t *testing.T, in []byte) {
		if b, err := ParseBattery(in); err == nil && b.Level < 0 {
			t.Fatalf("%+v", b)
		}
		ParseWakefulness(in)
		ParseKeyguard(in)
		if fo, err := ParseFocus(in); err == nil && fo.Activity != "" && fo.Package == "" {
			t.Fatalf("%+v", fo)
		}
		if s, err := ParseStarted(in); err == nil && s.OK() == (s.Error != "") {
			t.Fatalf("%+v", s)
		}
		ParseAccounts(in)
		ParseClock(in)
		if d, err := ParseDisplay(in); err == nil && d.Current() == (Size{}) {
			t.Fatalf("%+v", d)
		}
	})
}

func FuzzReverses(f *testing.F) {
	f.Add([]byte("0018host tcp:8080 tcp:18888\n"))
	f.Add([]byte("FAIL0003bad"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if text, err := reverseAnswer(in); err == nil {
			if list, err := ParseReverses(text); err == nil {
				for _, r := range list {
					if !isPort(r.Device) || !isPort(r.Host) {
						t.Fatalf("%+v", r)
					}
				}
			}
		}
	})
}

func FuzzPNG(f *testing.F) {
	f.Add([]byte("warning\n\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00xxxx\x00\x00\x00\x00IEND\xaeB`\x82"))
	f.Fuzz(func(t *testing.T, in []byte) {
		png, size, err := ParsePNG(in)
		if err == nil && (!bytes.HasSuffix(in, png) || size.W <= 0 || size.H <= 0) {
			t.Fatalf("%v", size)
		}
	})
}
