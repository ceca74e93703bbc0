package apps

import (
	"image"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

// builder lays an activity out, from top to bottom.
type builder struct {
	pkg    string
	w, h   int // of the display
	unit   int // pixels per dp
	y      int // where the next thing goes
	root   *screen.View
	into   *screen.View // where the next thing is added: root, or a list
	act    *activity
	system *System
	hide   string // resource id of a fault that hides a view
}

const (
	barDP = 24 // status bar
	navDP = 48 // navigation bar
)

func (s *System) builder(a *activity) *builder {
	sc := s.phone.Screen
	b := &builder{pkg: a.pkg, w: sc.Width, h: sc.Height, unit: max(1, sc.Width/360), act: a, system: s,
		hide: s.phone.Faults.Get().Missing}
	b.y = b.dp(barDP)
	b.root = &screen.View{Class: screen.Layout, Package: a.pkg, Bounds: image.Rect(0, 0, b.w, b.h-b.dp(navDP)),
		Look: screen.Look{Fill: screen.White}}
	b.into = b.root
	return b
}

func (b *builder) dp(n int) int { return n * b.unit }

// id makes a resource id of the app's own, unless it names its package itself.
func (b *builder) id(name string) string {
	for _, r := range name {
		if r == ':' {
			return name
		}
	}
	if name == "" {
		return ""
	}
	return b.pkg + ":id/" + name
}

// add puts a view on the screen, unless a fault hides it or it lies outside.
func (b *builder) add(v *screen.View) *screen.View {
	v.ID, v.Package = b.id(v.ID), b.pkg
	if v.ID != "" && v.ID == b.hide || v.Bounds.Intersect(b.root.Bounds).Empty() {
		return v
	}
	b.into.Children = append(b.into.Children, v)
	return v
}

// rect is a box at the present height, from one dp to another (negative: from the right edge).
func (b *builder) rect(left, right, height int) image.Rectangle {
	x0, x1 := b.dp(left), b.dp(right)
	if left < 0 {
		x0 += b.w
	}
	if right <= 0 {
		x1 += b.w
	}
	return image.Rect(x0, b.y, x1, b.y+b.dp(height))
}

func (b *builder) down(dp int) { b.y += b.dp(dp) }

// header is a bar with a title and, if back is set, an arrow.
func (b *builder) header(title string, back func()) {
	left := 16
	if back != nil {
		b.add(&screen.View{Desc: "Navigate up", Class: screen.Icon, Bounds: b.rect(0, 56, 56), Clickable: true, Tap: back})
		left = 64
	}
	b.add(&screen.View{ID: "android:id/action_bar_title", Text: title, Class: screen.Label, Bounds: b.rect(left, -16, 56), Look: screen.Look{Size: 3}})
	b.down(60)
}

// list starts a part that scrolls: what follows is moved up by what the activity is scrolled.
func (b *builder) list(id string) {
	v := &screen.View{ID: id, Class: screen.List, Scrollable: true,
		Bounds: image.Rect(0, b.y, b.w, b.root.Bounds.Max.Y)}
	b.add(v)
	b.into = v
	b.y -= b.act.scroll
}

// end tells the activity how far it can be scrolled.
func (b *builder) end() { b.act.tall = b.y + b.act.scroll - b.root.Bounds.Max.Y }

// row is a clickable line with a title and perhaps a summary below.
func (b *builder) row(title, summary string, tap func()) *screen.View {
	height := 64
	v := &screen.View{Class: screen.Linear, Bounds: b.rect(0, 0, height), Clickable: tap != nil, Tap: tap, Look: screen.Look{Border: true}}
	if b.visible(v.Bounds) {
		b.add(v)
		at := b.y
		if summary != "" {
			v.Children = append(v.Children, &screen.View{ID: "android:id/title", Text: title, Class: screen.Label, Package: b.pkg, Bounds: b.rect(16, -72, 36)})
			b.y += b.dp(34)
			v.Children = append(v.Children, &screen.View{ID: "android:id/summary", Text: summary, Class: screen.Label, Package: b.pkg, Bounds: b.rect(16, -16, 28), Look: screen.Look{Size: 1, Ink: screen.Grey}})
			b.y = at
		} else {
			v.Children = append(v.Children, &screen.View{ID: "android:id/title", Text: title, Class: screen.Label, Package: b.pkg, Bounds: b.rect(16, -72, height)})
		}
	}
	b.down(height)
	return v
}

// toggle is a row with a switch at its end.
func (b *builder) toggle(title, summary string, on bool, tap func()) {
	at := b.y
	v := b.row(title, summary, tap)
	if after := b.y; b.visible(v.Bounds) {
		b.y = at + b.dp(20)
		v.Children = append(v.Children, &screen.View{ID: "android:id/switch_widget", Class: screen.Switch, Package: b.pkg,
			Bounds: b.rect(-64, -16, 24), Checkable: true, Checked: on, Text: map[bool]string{true: "ON", false: "OFF"}[on]})
		b.y = after
	}
}

func (b *builder) visible(r image.Rectangle) bool {
	return !r.Intersect(b.into.Bounds).Empty() && r.Min.Y >= b.into.Bounds.Min.Y
}

// text is a paragraph as high as it needs.
func (b *builder) text(id, text, class string, look screen.Look) *screen.View {
	columns := max(1, (b.w-b.dp(40))/(7*b.unit))
	lines := 1 + utf8.RuneCountInString(text)/columns
	v := &screen.View{ID: id, Text: text, Class: class, Bounds: b.rect(16, -16, 8+16*min(lines, 12)), Look: look}
	if b.visible(v.Bounds) {
		b.add(v)
	}
	b.y = v.Bounds.Max.Y
	return v
}

// button is a push button across the screen.
func (b *builder) button(id, text string, tap func()) {
	b.add(&screen.View{ID: id, Text: text, Class: screen.Button, Bounds: b.rect(24, -24, 48), Clickable: true, Focusable: true,
		Tap: tap, Look: screen.Look{Fill: screen.Blue, Ink: screen.White, Centre: true}})
	b.down(60)
}

// edit is a field that takes text while it has the focus. A tap gives it the focus.
func (b *builder) edit(id, hint string, f *field, r image.Rectangle) *screen.View {
	return b.add(&screen.View{ID: id, Text: f.text, Hint: hint, Class: screen.Edit, Bounds: r, Clickable: true, LongClickable: true,
		Focusable: true, Focused: b.act.focus == f, Tap: func() { b.act.focus, f.selected = f, false },
		Long: func() { b.act.focus, f.selected = f, true }})
}
