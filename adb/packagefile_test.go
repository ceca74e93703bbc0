package adb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePackageFiles(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"package:/system/app/Browser/Browser.apk\n", []string{"/system/app/Browser/Browser.apk"}},
		{"package:/data/app/~~a==/com.x-b==/base.apk\r\npackage:/data/app/~~a==/com.x-b==/split_config.en.apk\r\n",
			[]string{"/data/app/~~a==/com.x-b==/base.apk", "/data/app/~~a==/com.x-b==/split_config.en.apk"}},
		{"", nil},
		{"Error: no such package\n", nil},
		{"package:relative.apk\n", nil},
	} {
		if diff := cmp.Diff(c.want, ParsePackageFiles([]byte(c.text))); diff != "" {
			t.Errorf("%q:\n%s", c.text, diff)
		}
	}
}

func FuzzPackageFiles(f *testing.F) {
	f.Add([]byte("package:/data/app/base.apk\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		list := ParsePackageFiles(in)
		for _, p := range list {
			if p == "" || p[0] != '/' {
				t.Fatalf("%q", p)
			}
		}
		if len(list) > maxPaths {
			t.Fatal(len(list))
		}
	})
}
