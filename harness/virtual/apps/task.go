package apps

import (
	"slices"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

const (
	maxTasks      = 40
	maxActivities = 20
)

// task is a stack of activities, the last one on top.
type task struct {
	id    int
	pkg   string
	stack []*activity
}

func (t *task) top() *activity {
	if len(t.stack) == 0 {
		return nil
	}
	return t.stack[len(t.stack)-1]
}

// activity is one screen of an app.
type activity struct {
	pkg, class string // the class is a full name
	title      string
	build      func(b *builder)
	back       func() bool // handled inside; nil: the activity ends
	intent     func(Intent)
	swipe      func(dx, dy int)
	secure     func() bool
	focus      *field
	scroll     int // pixels scrolled
	tall       int // of its content, as last drawn
}

// field is a text that can be typed into.
type field struct {
	text     string
	selected bool // all of it, by a long press
	enter    func()
}

const maxField = 4096

// top is the activity in front; nil only before boot.
func (s *System) top() *activity {
	for i := len(s.tasks) - 1; i >= 0; i-- {
		if a := s.tasks[i].top(); a != nil {
			return a
		}
	}
	return nil
}

// push puts an activity in front, in the task of its package. It reports whether the task existed.
func (s *System) push(a *activity) (warm bool) {
	i := slices.IndexFunc(s.tasks, func(t *task) bool { return t.pkg == a.pkg })
	var t *task
	if i >= 0 {
		t = s.tasks[i]
		s.tasks = append(slices.Delete(s.tasks, i, i+1), t)
	} else {
		s.nextTask++
		t = &task{id: s.nextTask, pkg: a.pkg}
		s.tasks = append(s.tasks, t)
		if len(s.tasks) > maxTasks {
			s.tasks = slices.Delete(s.tasks, 1, 2)
		}
	}
	if len(t.stack) == 0 || t.top() != a {
		t.stack = append(t.stack, a)
		if len(t.stack) > maxActivities {
			t.stack = slices.Delete(t.stack, 1, 2)
		}
	}
	s.process(a.pkg)
	s.moved()
	return i >= 0
}

// raise brings a package's task to the front; false if it has none.
func (s *System) raise(pkg string) bool {
	i := slices.IndexFunc(s.tasks, func(t *task) bool { return t.pkg == pkg && len(t.stack) > 0 })
	if i < 0 {
		return false
	}
	t := s.tasks[i]
	s.tasks = append(slices.Delete(s.tasks, i, i+1), t)
	s.moved()
	return true
}

// finish takes an activity off its task.
func (s *System) finish(a *activity) {
	for i, t := range s.tasks {
		t.stack = slices.DeleteFunc(t.stack, func(b *activity) bool { return b == a })
		if len(t.stack) == 0 {
			s.tasks = slices.Delete(s.tasks, i, i+1)
			break
		}
	}
	if s.top() == nil {
		s.home()
		return
	}
	s.moved()
}

// drop removes a package's task.
func (s *System) drop(pkg string) {
	s.tasks = slices.DeleteFunc(s.tasks, func(t *task) bool { return t.pkg == pkg })
	if s.top() == nil && !s.closed {
		s.home()
		return
	}
	s.moved()
}

// home brings the launcher to the front.
func (s *System) home() {
	for _, a := range s.kind.Apps {
		if a.Kind != personality.Launcher {
			continue
		}
		if l, ok := s.apps[a.Package].(*launcher); ok {
			l.goHome()
		}
		if !s.raise(a.Package) {
			class := phone.FullActivity(a.Package, a.Activity)
			s.push(s.apps[a.Package].open(s, class))
		}
		return
	}
}

// moved tells the services which app is in front, and the app that left that it did.
func (s *System) moved() {
	if s.closed {
		return
	}
	a := s.top()
	if a == nil || a.pkg == s.front {
		return
	}
	left := s.front
	s.front = a.pkg
	s.phone.Log.Print("events", 'I', 1000, "wm_on_resume_called", "[0,"+a.class+",RESUME_ACTIVITY]")
	if left != "" {
		s.background(left)
		s.look(a.pkg)
		s.switched(left, a)
	}
}
