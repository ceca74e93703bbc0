package screen

import "image"

// Frame is everything on the display at one moment.
type Frame struct {
	Width, Height int
	Off           bool      // the display is off
	Windows       []*Window // back to front
}

// Window is one window. An app's window has a Title "package/activity"; a system window a bare name.
type Window struct {
	Title   string
	Package string
	Secure  bool // FLAG_SECURE: black in every picture
	Over    bool // drawn over others without taking the focus or touches that miss its views: the status bar
	Root    *View
}

// Focus returns the window that has the focus: the topmost that is not merely drawn over others. Nil if there is none.
func (f *Frame) Focus() *Window {
	for i := len(f.Windows) - 1; i >= 0; i-- {
		if w := f.Windows[i]; !w.Over {
			return w
		}
	}
	return nil
}

// Under returns the views under a point, outermost first, in the topmost window that takes it.
func (f *Frame) Under(x, y int) []*View {
	p := image.Pt(x, y)
	for i := len(f.Windows) - 1; i >= 0; i-- {
		w := f.Windows[i]
		if w.Root == nil {
			continue
		}
		chain := w.Root.hit(p, nil)
		if w.Over && len(chain) < 2 {
			continue
		}
		return chain
	}
	return nil
}

// Tapped returns the view that a tap on a point reaches: the innermost one there that is enabled and clickable. Nil if
// the tap falls on nothing.
func (f *Frame) Tapped(x, y int) *View {
	return innermost(f.Under(x, y), func(v *View) bool { return v.Clickable })
}

// Pressed is the same for a long press.
func (f *Frame) Pressed(x, y int) *View {
	return innermost(f.Under(x, y), func(v *View) bool { return v.LongClickable })
}

func innermost(chain []*View, want func(*View) bool) *View {
	for i := len(chain) - 1; i >= 0; i-- {
		if v := chain[i]; want(v) {
			if v.Disabled {
				return nil
			}
			return v
		}
	}
	return nil
}
