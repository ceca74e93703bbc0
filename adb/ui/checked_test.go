package ui

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheckedFindsTheSwitchOfALine(t *testing.T) {
	tree := sample(t, "preferences_switches.xml")
	tests := []struct {
		label string
		want  Checked // empty: it has none that could be told
	}{
		{"Use other certificates", On},
		{"Of those that you installed", On},
		{"Enhanced mode", Off},
		{"OFF", Off},
		{"Below the heading", On},
		{"One line of Compose", Off},
		{"A heading", ""}, // the switch below it is another line's
		{"Two boxes", ""}, // which of them?
		{"About", ""},
		{"Privacy", ""}, // a title over a list of switches
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			for _, state := range []Checked{On, Off} {
				n := tree.Find(Selector{Texts: []string{tt.label}, Checked: state})
				if (n != nil) != (state == tt.want) {
					t.Errorf("%s: found %v", state, n)
				}
				if n != nil && n.Text != tt.label {
					t.Errorf("it found %v instead of the label", n)
				}
			}
			if of := tree.SwitchOf(tree.Find(Selector{Texts: []string{tt.label}})); (of == nil) != (tt.want == "") || of != nil && of.checked() != tt.want {
				t.Errorf("its switch is %v", of)
			}
		})
	}
}

func TestCheckedAloneMatchesNothing(t *testing.T) {
	tree := sample(t, "preferences_switches.xml")
	if n := tree.Find(Selector{Checked: On}); n != nil {
		t.Errorf("found %v", n)
	}
	if got := len(tree.FindAll(Selector{Class: "android.widget.Switch", Checked: On})); got != 2 {
		t.Errorf("%d switches that are on, want 2", got)
	}
	s := Selector{Texts: []string{"Enhanced mode"}, Checked: Off}
	if text := s.String(); !strings.Contains(text, "switched off") {
		t.Error(text)
	}
	if text := tree.Find(Selector{ID: "android:id/switch_widget"}).String(); !strings.Contains(text, "switched off") {
		t.Error(text)
	}
}

// A hostile screen must not make the look for a switch expensive: labels by the thousand, deep inside one another, each
// with a wide line around it.
func TestCheckedIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("<hierarchy>")
	for range 90 {
		b.WriteString(`<node text="a">` + strings.Repeat(`<node text="a"/>`, 400))
	}
	b.WriteString(strings.Repeat("</node>", 90) + "</hierarchy>")
	tree, err := Parse([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if n := tree.Find(Selector{Texts: []string{"a"}, Checked: On}); n != nil {
		t.Errorf("found %v", n)
	}
}

func FuzzSwitchOf(f *testing.F) {
	f.Add(sample(f, "preferences_switches.xml").XML, "Enhanced mode")
	f.Add(sample(f, "miui_home.xml").XML, "Settings")
	f.Add([]byte(page), "x")
	f.Fuzz(func(t *testing.T, in []byte, label string) {
		tree, err := Parse(in)
		if err != nil {
			return
		}
		both := map[string]bool{}
		for _, state := range []Checked{On, Off} {
			for _, n := range tree.FindAll(Selector{Texts: []string{label}, Checked: state}) {
				of := tree.SwitchOf(n)
				if of == nil || !of.Checkable || of.checked() != state {
					t.Errorf("%v matched as %s, its switch is %v", n, state, of)
				}
				if key := fmt.Sprintf("%p", n); both[key] {
					t.Errorf("%v is on and off", n)
				} else {
					both[key] = true
				}
			}
		}
	})
}
