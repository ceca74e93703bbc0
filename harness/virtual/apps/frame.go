package apps

import (
	"cmp"
	"fmt"
	"image"
	"slices"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

const systemUI = "com.android.systemui"

// Frame is what is on the display now.
func (s *System) Frame() *screen.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frame()
}

func (s *System) frame() *screen.Frame {
	sc := s.phone.Screen
	f := &screen.Frame{Width: sc.Width, Height: sc.Height, Off: !s.phone.Power.Awake()}
	if a := s.top(); a != nil {
		b := s.builder(a)
		a.build(b)
		s.disguise(b.root)
		f.Windows = append(f.Windows, &screen.Window{Title: a.pkg + "/" + a.class, Package: a.pkg, Root: b.root,
			Secure: a.secure != nil && a.secure()})
	}
	f.Windows = append(f.Windows, s.statusBar(), s.navigationBar())
	if s.toasted != "" {
		f.Windows = append(f.Windows, s.toastWindow())
	}
	switch {
	case s.phone.Power.Locked():
		f.Windows = append(f.Windows, s.keyguard())
	case s.shade:
		f.Windows = append(f.Windows, s.shadeWindow())
	case s.blocked():
		f.Windows = append(f.Windows, s.faultDialog())
	}
	return f
}

// disguise gives the views of an app the ids, words and places of another release or language.
func (s *System) disguise(v *screen.View) {
	f := s.phone.Faults.Get()
	if len(f.Renamed)+len(f.Words)+len(f.Moved) == 0 {
		return
	}
	s.disguised(v, f)
}

func (s *System) disguised(v *screen.View, f phone.Faults) {
	if slices.Contains(f.Moved, v.ID) && v.ID != "" {
		v.Bounds = v.Bounds.Add(image.Pt(0, s.phone.Screen.Height/4))
	}
	if id, ok := f.Renamed[v.ID]; ok {
		v.ID = id
	}
	if text, ok := f.Words[v.Text]; ok {
		v.Text = text
	}
	if text, ok := f.Words[v.Desc]; ok {
		v.Desc = text
	}
	for _, c := range v.Children {
		s.disguised(c, f)
	}
}

// over is a builder for a window of the system's, in the box given.
func (s *System) over(pkg string, box image.Rectangle, fill screen.Colour) *builder {
	b := s.builder(&activity{pkg: pkg})
	b.root.Bounds, b.root.Look.Fill = box, fill
	return b
}

func (s *System) statusBar() *screen.Window {
	b := s.over(systemUI, image.Rect(0, 0, s.phone.Screen.Width, 0), screen.LightGrey)
	b.root.Bounds.Max.Y = b.dp(barDP)
	b.y = 0
	b.add(&screen.View{ID: "clock", Text: s.now().Format("15:04"), Class: screen.Label, Bounds: b.rect(8, 72, barDP), Look: screen.Look{Size: 1}})
	icons := "wifi "
	if s.phone.Airplane() {
		icons = "airplane "
	}
	b.add(&screen.View{ID: "battery", Text: fmt.Sprintf("%s%d%%", icons, s.phone.Power.Battery().Level), Class: screen.Label,
		Bounds: b.rect(-100, -4, barDP), Look: screen.Look{Size: 1}})
	return &screen.Window{Title: "StatusBar", Package: systemUI, Over: true, Root: b.root}
}

func (s *System) navigationBar() *screen.Window {
	sc := s.phone.Screen
	b := s.over(systemUI, image.Rect(0, 0, sc.Width, sc.Height), screen.LightGrey)
	b.root.Bounds.Min.Y = sc.Height - b.dp(navDP)
	b.y = b.root.Bounds.Min.Y
	third := sc.Width / 3
	for i, k := range []struct {
		id, desc string
		key      int
	}{{"back", "Back", KeyBack}, {"home", "Home", KeyHome}, {"recent_apps", "Overview", KeySwitch}} {
		b.add(&screen.View{ID: k.id, Desc: k.desc, Class: screen.Image, Clickable: true, Tap: func() { s.key(k.key) },
			Bounds: image.Rect(i*third, b.y, (i+1)*third, sc.Height), Look: screen.Look{Centre: true}})
	}
	return &screen.Window{Title: "NavigationBar", Package: systemUI, Over: true, Root: b.root}
}

// keyguard is the lock screen; its window has no package in its name.
func (s *System) keyguard() *screen.Window {
	sc := s.phone.Screen
	b := s.over(systemUI, image.Rect(0, 0, sc.Width, sc.Height), screen.Purple)
	b.down(120)
	light := screen.Look{Ink: screen.White, Size: 3, Centre: true}
	b.add(&screen.View{ID: "clock_view", Text: s.now().Format("15:04"), Class: screen.Label, Bounds: b.rect(16, -16, 60), Look: light})
	b.down(80)
	light.Size = 2
	if s.phone.Power.Secure() {
		b.add(&screen.View{ID: "pinEntry", Text: s.pin, Hint: "Enter PIN", Password: true, Class: screen.Edit, Focused: true, Focusable: true,
			Clickable: true, Bounds: b.rect(40, -40, 48), Look: screen.Look{Fill: screen.White}})
	} else {
		b.add(&screen.View{ID: "keyguard_indication_text", Text: "Swipe up to unlock", Class: screen.Label, Bounds: b.rect(16, -16, 40), Look: light})
	}
	return &screen.Window{Title: s.shadeTitle(), Package: systemUI, Root: b.root}
}

// shadeTitle is the name of the window that holds keyguard and shade: it changed with Android 11.
func (s *System) shadeTitle() string {
	if s.phone.SDK() >= 30 {
		return "NotificationShade"
	}
	return "StatusBar"
}

func (s *System) shadeWindow() *screen.Window {
	sc := s.phone.Screen
	b := s.over(systemUI, image.Rect(0, 0, sc.Width, sc.Height), screen.LightGrey)
	b.add(&screen.View{ID: "qs_time", Text: s.now().Format("15:04 Mon 2 Jan"), Class: screen.Label, Bounds: b.rect(16, -16, 48), Look: screen.Look{Size: 3}})
	b.down(56)
	for _, n := range s.notes {
		b.row(n, "", nil)
	}
	b.button("dismiss_text", "Clear all", func() { s.notes = nil })
	title := s.shadeTitle()
	if s.centre {
		title = "control_center"
	}
	return &screen.Window{Title: title, Package: systemUI, Root: b.root}
}

func (s *System) faultDialog() *screen.Window {
	f := s.phone.Faults.Get()
	pkg, label := f.DialogPackage, f.DialogButton
	if pkg == "" {
		pkg = "android"
	}
	if label == "" {
		label = "OK"
	}
	sc := s.phone.Screen
	b := s.over(pkg, image.Rect(sc.Width/12, sc.Height/3, sc.Width*11/12, sc.Height*2/3), screen.White)
	b.y = b.root.Bounds.Min.Y + b.dp(16)
	b.add(&screen.View{ID: "android:id/message", Text: f.Dialog, Class: screen.Label, Bounds: b.rect(40, -40, 80)})
	b.down(90)
	b.add(&screen.View{ID: cmp.Or(f.DialogID, "android:id/button1"), Text: label, Class: screen.Button, Clickable: true, Focusable: true, Bounds: b.rect(40, -40, 48),
		Tap:  func() { s.dialog = dialogState{text: f.Dialog, closed: true} },
		Look: screen.Look{Fill: screen.Blue, Ink: screen.White, Centre: true}})
	return &screen.Window{Title: pkg, Package: pkg, Root: b.root}
}

// Front is the activity in front and its task, for dumpsys.
type Front struct {
	Package, Class string
	Task           int
}

// Fronts returns the top activity of each task, the front one first.
func (s *System) Fronts() []Front {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Front
	for i := len(s.tasks) - 1; i >= 0; i-- {
		if a := s.tasks[i].top(); a != nil {
			out = append(out, Front{a.pkg, a.class, s.tasks[i].id})
		}
	}
	return out
}

// Media tells what plays.
func (s *System) Media() (pkg, title string, playing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.media.pkg, s.media.title, s.media.playing
}

// Installed returns what the personality says of an app.
func (s *System) Installed(pkg string) (personality.App, bool) { return s.kind.App(pkg) }
