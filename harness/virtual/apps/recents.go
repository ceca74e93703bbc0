package apps

import "github.com/telltale-farm/telltale/harness/virtual/screen"

// recents is the list of recent apps; a tap brings one back.
func (s *System) recents() *activity {
	a := &activity{pkg: systemUI, class: systemUI + ".recents.RecentsActivity", title: "Recents"}
	a.build = func(b *builder) {
		b.root.Look.Fill = screen.Purple
		b.down(24)
		for i := len(s.tasks) - 1; i >= 0; i-- {
			t := s.tasks[i]
			if t.pkg == systemUI || s.isHome(t.top()) {
				continue
			}
			label := s.spec(t.pkg).Label
			b.add(&screen.View{ID: "task_view_bar", Text: label, Desc: label, Class: screen.Label, Bounds: b.rect(24, -24, 72), Clickable: true,
				Look: screen.Look{Fill: screen.White}, Tap: func() {
					s.raise(t.pkg)
					s.drop(systemUI)
				}})
			b.down(80)
		}
		b.button("clear_all", "Clear all", func() { s.home() })
	}
	a.back = func() bool { s.drop(systemUI); return true }
	return a
}
