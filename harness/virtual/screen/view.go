package screen

import "image"

// Kinds of view, by their Android class.
const (
	Layout   = "android.widget.FrameLayout"
	Linear   = "android.widget.LinearLayout"
	Relative = "android.widget.RelativeLayout"
	List     = "android.widget.ListView"
	Scroll   = "android.widget.ScrollView"
	Label    = "android.widget.TextView"
	Button   = "android.widget.Button"
	Icon     = "android.widget.ImageButton"
	Image    = "android.widget.ImageView"
	Edit     = "android.widget.EditText"
	Switch   = "android.widget.Switch"
	Web      = "android.webkit.WebView"
	Plain    = "android.view.View"
)

// View is one node on the screen.
type View struct {
	ID, Text, Desc, Class, Package string
	Hint                           string // shown while Text is empty
	Bounds                         image.Rectangle
	Clickable, LongClickable       bool
	Checkable, Checked             bool
	Focusable, Focused             bool
	Scrollable, Selected           bool
	Password, Disabled             bool
	Children                       []*View

	Tap, Long func() // what a tap and a long press do; nil for nothing
	Look      Look
}

// Look is how a view is drawn. The zero value is dark text on nothing.
type Look struct {
	Fill   Colour
	Ink    Colour
	Size   int // of the text: 1 small, 2 usual (0 too), 3 title
	Centre bool
	Border bool
}

// Colour is one of the colours that the phone draws with.
type Colour uint8

// The colours. None draws nothing as a fill, and black as ink.
const (
	None Colour = iota
	Black
	White
	Grey
	LightGrey
	DarkGrey
	Blue
	Orange
	Red
	Green
	Purple
	Faint
)

// Shown is the text that accessibility reports: the hint of an empty field, bullets for a password.
func (v *View) Shown() string {
	switch {
	case v.Text == "":
		return v.Hint
	case v.Password:
		b := make([]rune, 0, len(v.Text))
		for range v.Text {
			b = append(b, '•')
		}
		return string(b)
	}
	return v.Text
}

// Walk visits a view and everything below it, parents first, until visit returns false.
func (v *View) Walk(visit func(*View) bool) bool {
	if v == nil {
		return true
	}
	if !visit(v) {
		return false
	}
	for _, c := range v.Children {
		if !c.Walk(visit) {
			return false
		}
	}
	return true
}

// Find returns the first view that satisfies a condition, or nil.
func (v *View) Find(want func(*View) bool) *View {
	var found *View
	v.Walk(func(c *View) bool {
		if want(c) {
			found = c
		}
		return found == nil
	})
	return found
}

// hit returns the chain of views under a point, outermost first: among siblings the later one is on top.
func (v *View) hit(p image.Point, chain []*View) []*View {
	if !p.In(v.Bounds) {
		return nil
	}
	chain = append(chain, v)
	for i := len(v.Children) - 1; i >= 0; i-- {
		if deeper := v.Children[i].hit(p, chain); deeper != nil {
			return deeper
		}
	}
	return chain
}
