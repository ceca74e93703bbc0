package adb

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTypeable(t *testing.T) {
	tests := []struct {
		text string
		want []string // nil: cannot be typed
	}{
		{"plain", []string{"plain"}},
		{"two words", []string{"two%swords"}},
		{"100%sure", []string{"100%", "sure"}},
		{"%s", []string{"%", "s"}},
		{"% s%%s", []string{"%%ss%%", "s"}},
		{"it's;$(id)", []string{"it's;$(id)"}},
		{"", []string{}},
		{"über", nil},
		{"line\nend", nil},
		{"日本", nil},
	}
	for _, tt := range tests {
		got, err := typeable(tt.text)
		if (err != nil) != (tt.want == nil) || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, %v", tt.text, got, err)
		}
	}
}

// androidText is what `input text` types: AOSP's Input.sendText, before Android 12 and after.
func androidText(arg string) string {
	b := []byte(arg)
	escape := false
	for i := 0; i < len(b); i++ {
		if escape {
			escape = false
			if b[i] == 's' {
				b[i] = ' '
				i--
				b = slices.Delete(b, i, i+1)
			}
		}
		if b[i] == '%' {
			escape = true
		}
	}
	return string(b)
}

func FuzzTypeable(f *testing.F) {
	for _, s := range []string{"100%sure", "% s%%s", "%%%s s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, err := typeable(text)
		if err != nil {
			return
		}
		typed := ""
		for _, w := range words {
			if strings.ContainsAny(w, " ") {
				t.Fatalf("a blank in %q", w)
			}
			typed += androidText(w)
		}
		if typed != text {
			t.Fatalf("%q arrives as %q", text, typed)
		}
	})
}

func TestInput(t *testing.T) {
	f := startFake(t, v2(script{
		"shell,v2,raw:'input' 'tap' '10' '20'":                        prints("", "", 0),
		"shell,v2,raw:'input' 'swipe' '1' '2' '3' '4' '300'":          prints("", "", 0),
		"shell,v2,raw:'input' 'keyevent' '3' '66'":                    prints("", "", 0),
		"shell,v2,raw:'input' 'text' 'a%sb'":                          prints("", "", 0),
		"shell,v2,raw:'input' 'text' '4711'":                          prints("", "Error: 4711", 1),
		"shell,v2,raw:'input' 'keyevent' '4'":                         prints("", "java.lang.SecurityException: Injecting to another application requires INJECT_EVENTS permission\n\tat x\n", 0),
		"shell,v2,raw:'input' 'keyevent' '82'":                        prints("", "\nException occurred while executing 'keyevent':\njava.lang.SecurityException: Injecting input events requires the caller (or the source of the instrumentation, if any) to have the INJECT_EVENTS permission.\n", 255),
		"shell,v2,raw:'logcat' '-d' '-v' 'epoch' '-T' '7.005' '-s' *": prints("7.9 W InputDispatcher: Permission denied: injecting event from pid 9825 uid 2000 to window Window{e1}\n", "", 0),
	}))
	var shown []string
	d := f.device(Options{Journal: func(c Command) { shown = append(shown, strings.Join(c.Argv, " ")) }})
	ctx := t.Context()
	for what, err := range map[string]error{
		"tap":   d.Tap(ctx, 10, 20),
		"swipe": d.Swipe(ctx, 1, 2, 3, 4, 300*time.Millisecond),
		"keys":  d.Key(ctx, KeyHome, KeyEnter),
		"text":  d.Text(ctx, "a b"),
		"none":  d.Text(ctx, ""),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{"Android 11": d.Key(ctx, KeyBack), "Android 12": d.Key(ctx, KeyMenu), "HyperOS": d.InputDenied(ctx, time.Unix(7, 5e6))} {
		if !errors.Is(err, Denied) || !strings.Contains(err.Error(), "USB debugging (Security settings)") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := d.Text(ctx, "ü"); !errors.Is(err, Untypable) || !strings.Contains(err.Error(), "ASCII") {
		t.Errorf("not ASCII: %v", err)
	}
	if err := d.SecretText(ctx, "4ü"); !errors.Is(err, Untypable) || strings.Contains(err.Error(), "ü") {
		t.Errorf("a secret that is not ASCII: %v", err)
	}
	var exit *ExitError
	if err := d.SecretText(ctx, "4711"); !errors.As(err, &exit) {
		t.Errorf("a secret that was refused: %v", err)
	} else if strings.Contains(exit.Op, "4711") {
		t.Errorf("the secret is in %q", exit.Op)
	}
	if i := slices.IndexFunc(shown, func(s string) bool { return strings.Contains(s, "4711") }); i >= 0 {
		t.Errorf("the secret is in the journal: %q", shown[i])
	}
}
