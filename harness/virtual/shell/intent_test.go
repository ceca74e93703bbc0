package shell

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/harness/virtual/apps"
)

func TestParseIntent(t *testing.T) {
	for _, c := range []struct {
		line  string
		want  apps.Intent
		flags startFlags
		bad   string
	}{
		{"-W -n a/.B", apps.Intent{Component: "a/.B"}, startFlags{wait: true}, ""},
		{"-a android.intent.action.VIEW -d https://x/?a=1 pkg", apps.Intent{Action: "android.intent.action.VIEW", Data: "https://x/?a=1", Package: "pkg"}, startFlags{}, ""},
		{"https://x/", apps.Intent{Action: "android.intent.action.VIEW", Data: "https://x/"}, startFlags{}, ""},
		{"pkg", apps.Intent{Action: "android.intent.action.MAIN", Package: "pkg", Categories: []string{"android.intent.category.LAUNCHER"}}, startFlags{}, ""},
		{"--es k v --ei n 3 -a A", apps.Intent{Action: "A", Extras: map[string]string{"k": "v", "n": "3"}}, startFlags{}, ""},
		{"-S -n a/b.C --user 0 -f 0x10000000", apps.Intent{Component: "a/b.C"}, startFlags{stop: true}, ""},
		{"", apps.Intent{}, startFlags{}, "Error: No intent supplied"},
		{"-a", apps.Intent{}, startFlags{}, `Error: Argument expected after "-a"`},
		{"--es k", apps.Intent{}, startFlags{}, `Error: Argument expected after "--es"`},
		{"-n noslash", apps.Intent{}, startFlags{}, "Error: Bad component name: noslash"},
		{"-x", apps.Intent{}, startFlags{}, "Error: Unknown option: -x"},
		{"-f zz -a A", apps.Intent{}, startFlags{}, "Error: Bad flags: zz"},
	} {
		in, flags, bad := parseIntent(strings.Fields(c.line))
		if bad != c.bad {
			t.Errorf("%s: %q, want %q", c.line, bad, c.bad)
		}
		if len(in.Extras) == 0 {
			in.Extras = nil
		}
		if diff := cmp.Diff(c.want, in); bad == "" && (diff != "" || flags != c.flags) {
			t.Errorf("%s: %+v\n%s", c.line, flags, diff)
		}
	}
}

func FuzzParseIntent(f *testing.F) {
	for _, s := range []string{"-W -n a/.B", "-a x -d y z", "--es a b", "-f 0x1", "--"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		in, _, bad := parseIntent(strings.Split(line, " "))
		if bad == "" && in.Action == "" && in.Data == "" && in.Component == "" && in.Package == "" && len(in.Categories) == 0 {
			t.Errorf("%q asks for nothing and was accepted", line)
		}
		_ = in.String()
	})
}
