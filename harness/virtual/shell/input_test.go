package shell_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
	"github.com/telltale-farm/telltale/harness/virtual/shell"
)

// address opens the browser's address field.
func (r *rig) address(t testing.TB) {
	t.Helper()
	r.run(t, "am start -n com.android.browser/.BrowserActivity", "")
	for _, id := range []string{"android:id/button1", "com.android.browser:id/b4h"} {
		if v := r.apps.Frame().Focus().Root.Find(func(v *screen.View) bool { return v.ID == id }); v != nil {
			c := v.Bounds.Min.Add(v.Bounds.Max).Div(2)
			r.apps.Tap(c.X, c.Y)
		}
	}
}

func (r *rig) typed() string {
	if v := r.apps.Frame().Focus().Root.Find(func(v *screen.View) bool { return v.Focused }); v != nil {
		return v.Text
	}
	return "no field has the focus"
}

func TestInputText(t *testing.T) {
	for _, c := range []struct{ arg, want string }{
		{`hello`, "hello"}, {`hello%sworld`, "hello world"}, {`'two words'`, "two words"}, {`100%sure`, "100 ure"}, {`a%%sb`, "a% b"},
		{`'100%'`, "100%"}, {`"it's"`, "it's"}, {`'$(id);&|*?'`, "$(id);&|*?"}, {`%s%s`, "  "}, {`'ü'`, ""}, {`a b`, ""}, {``, ""}, {`''`, ""},
	} {
		t.Run(c.arg, func(t *testing.T) {
			r := newRig(t, personality.Leaky2020())
			r.address(t)
			_, errs, code := r.run(t, "input text "+c.arg, "")
			if got := r.typed(); got != c.want {
				t.Errorf("typed %q, want %q (%q)", got, c.want, errs)
			}
			if failed := code != 0; failed != (c.want == "" && c.arg != "''") {
				t.Errorf("exit %d", code)
			}
		})
	}
}

func TestKeysEditText(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	r.address(t)
	r.run(t, "input text abc; input keyevent 67 KEYCODE_DEL", "")
	if got := r.typed(); got != "a" {
		t.Errorf("%q", got)
	}
	if _, errs, code := r.run(t, "input keyevent KEYCODE_NONSENSE", ""); code == 0 || !strings.Contains(errs, "Invalid arguments") {
		t.Errorf("%q %d", errs, code)
	}
	if _, errs, code := r.run(t, "input dance 1", ""); code == 0 || !strings.Contains(errs, "Error: Unknown command: dance") {
		t.Errorf("%q %d", errs, code)
	}
}

// What a shell passes to input text in single quotes is typed, or nothing is: it never runs.
func FuzzInputText(f *testing.F) {
	for _, s := range []string{"hello", "%s", "$(reboot)", "'; reboot; '", "\x00", "100%", strings.Repeat("a", 5000)} {
		f.Add(s)
	}
	r := newRig(f, personality.Leaky2020())
	f.Fuzz(func(t *testing.T, text string) {
		r.address(t)
		boot := r.phone.BootID()
		r.run(t, "input text '"+strings.ReplaceAll(text, "'", `'\''`)+"'", "")
		if r.phone.BootID() != boot {
			t.Errorf("%q rebooted the phone", text)
		}
	})
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{
		"am start -W -a b -d c -e x y", "settings put global a b", "pm list packages -U -3", "dumpsys window displays", "input swipe 1 1 500 500 3",
		"echo $((1/0))", "logcat -d -T 1", "grep '[' /proc/uptime", "sed s/a/b/ <<< x", "cut -f 9-1", "tail -n -x", "date +%", "find / -name '*'", "stat -c %",
	} {
		f.Add(s)
	}
	r := newRig(f, personality.Leaky2020())
	f.Fuzz(func(t *testing.T, line string) {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		var out bytes.Buffer
		r.sh.Run(ctx, shell.Command{Line: line, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out})
	})
}
