package apps

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// Key codes of Android that do something here.
const (
	KeyHome      = 3
	KeyBack      = 4
	KeyPower     = 26
	KeyEnter     = 66
	KeyDelete    = 67
	KeyMenu      = 82
	KeyPlayPause = 85
	KeyMoveEnd   = 123
	KeyPlay      = 126
	KeyPause     = 127
	KeyCut       = 277
	KeyCopy      = 278
	KeyPaste     = 279
	KeySwitch    = 187
	KeySleep     = 223
	KeyWakeup    = 224
)

// Tap touches a point.
func (s *System) Tap(x, y int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.phone.Power.Awake() {
		return
	}
	s.toasted = "" // it takes no touches
	if v := s.frame().Tapped(x, y); v != nil && v.Tap != nil {
		v.Tap()
	}
}

// Press touches a point for a long time.
func (s *System) Press(x, y int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.phone.Power.Awake() {
		return
	}
	if v := s.frame().Pressed(x, y); v != nil && v.Long != nil {
		v.Long()
	}
}

// Swipe moves a finger from one point to another.
func (s *System) Swipe(x1, y1, x2, y2 int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dx, dy := x2-x1, y2-y1
	sc, a := s.phone.Screen, s.top()
	switch {
	case !s.phone.Power.Awake():
	case s.phone.Power.Locked():
		if -dy > sc.Height/5 {
			s.phone.Power.Dismiss()
		}
	case s.shade:
		if -dy > sc.Height/10 {
			s.shade = false
		}
	case y1 < barDP*max(1, sc.Width/360) && dy > sc.Height/5:
		if s.centre = s.splitBar() && x1 >= sc.Width/2; s.centre {
			s.shade = true
			return
		}
		s.pullShade()
	case a == nil:
	case a.swipe != nil && max(dx, -dx) > max(dy, -dy):
		a.swipe(dx, dy)
	default:
		a.scroll = max(0, min(a.scroll-dy, a.tall))
	}
}

// Shade pulls the status bar down or pushes it up.
func (s *System) Shade(open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open && !s.shade {
		s.pullShade()
	}
	s.shade = open
}

// splitBar says whether the right half of the status bar opens the control centre, as since MIUI 12.
func (s *System) splitBar() bool {
	n, err := strconv.Atoi(s.phone.Props.Get("ro.miui.ui.version.code"))
	return err == nil && n >= 10
}

func (s *System) pullShade() {
	s.centre = false
	s.shade = true
	s.act(systemUI, "statusbar", "", false)
	s.report(personality.OnShade, "", false, "status_bar_expand")
}

// Key presses a key.
func (s *System) Key(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key(code)
}

func (s *System) key(code int) {
	s.toasted = ""
	power, a := s.phone.Power, s.top()
	switch {
	case code == KeyWakeup:
		power.Wake()
		return
	case code == KeySleep, code == KeyPower && power.Awake():
		power.Sleep()
		s.shade, s.pin = false, ""
		s.occasion(personality.WhenDark)
		return
	case code == KeyPower:
		power.Wake()
		return
	case code == KeyPlay, code == KeyPause, code == KeyPlayPause:
		s.mediaKey(code)
		return
	case !power.Awake():
		return
	case power.Locked():
		s.keyguardKey(code)
		return
	}
	if s.blocked() && code != KeyHome {
		s.dialog = dialogState{text: s.phone.Faults.Get().Dialog, closed: code == KeyBack}
		return
	}
	switch code {
	case KeyCut, KeyCopy, KeyPaste:
		s.clipKey(code)
	case KeyHome:
		s.shade = false
		s.home()
	case KeyBack:
		if s.shade {
			s.shade = false
		} else if a != nil && (a.back == nil || !a.back()) && !s.isHome(a) {
			s.finish(a)
		}
	case KeySwitch:
		s.push(s.recents())
	case KeyEnter:
		if a != nil && a.focus != nil && a.focus.enter != nil {
			a.focus.enter()
		}
	case KeyDelete:
		if a != nil && a.focus != nil && a.focus.text != "" {
			_, n := utf8.DecodeLastRuneInString(a.focus.text)
			a.focus.text = a.focus.text[:len(a.focus.text)-n]
		}
	}
}

// blocked tells whether a dialog of a fault is in front and has the focus.
func (s *System) blocked() bool {
	d := s.phone.Faults.Get().Dialog
	return d != "" && !(s.dialog.closed && s.dialog.text == d)
}

func (s *System) isHome(a *activity) bool { return s.spec(a.pkg).Kind == personality.Launcher }

func (s *System) keyguardKey(code int) {
	power := s.phone.Power
	switch code {
	case KeyMenu:
		power.Dismiss()
	case KeyEnter:
		power.Unlock(s.pin)
		s.pin = ""
	case KeyDelete:
		s.pin = ""
	}
}

// Type enters text into what has the focus. It reports false when nothing has: the text goes nowhere, as on a phone.
func (s *System) Type(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if s.phone.Power.Locked() {
		if !s.phone.Power.Secure() || !s.phone.Power.Awake() || len(s.pin)+len(text) > maxField {
			return false
		}
		s.pin += text
		return true
	}
	a := s.top()
	if a == nil || a.focus == nil || !s.phone.Power.Awake() || s.shade || s.blocked() {
		return false
	}
	if len(a.focus.text)+len(text) <= maxField {
		a.focus.text += text
	}
	return true
}
