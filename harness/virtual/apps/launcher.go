package apps

import (
	"image"
	"strconv"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// launcher is the home screen: pages of icons, a folder that can be opened and named, a page of cards on the left.
type launcher struct {
	app    personality.App
	page   int // -1 is the page on the left
	folder bool
	name   field
}

const launcherPages = 2

func (l *launcher) has(class string) bool {
	return class == phone.FullActivity(l.app.Package, l.app.Activity)
}

func (l *launcher) resolve(in Intent) string {
	if in.Action == ActionMain && in.has(CategoryHome) {
		return phone.FullActivity(l.app.Package, l.app.Activity)
	}
	return ""
}

func (l *launcher) goHome() { l.page, l.folder = 0, false }

func (l *launcher) open(s *System, class string) *activity {
	a := &activity{pkg: l.app.Package, class: class, title: "Home"}
	a.build = func(b *builder) { l.build(s, a, b) }
	a.back = func() bool { l.closeFolder(s, a); return true }
	a.swipe = func(dx, _ int) {
		if l.folder {
			return
		}
		if dx < 0 {
			l.page = min(l.page+1, launcherPages-1)
		} else {
			l.page = max(l.page-1, -1)
		}
		s.act(l.app.Package, "swipe", strconv.Itoa(l.page), false)
		s.report(personality.OnSwipe, "", false, "home_page",
			telemetry.Value{Key: "page", Kind: manifest.Page, Text: "home_screen_" + strconv.Itoa(l.page)})
	}
	return a
}

func (l *launcher) folderName(s *System) string {
	if n := s.stored(l.app.Package).names["folder"]; n != "" {
		return n
	}
	return "Tools"
}

func (l *launcher) openFolder(s *System) {
	l.folder = true
	l.name.text = l.folderName(s)
	s.report(personality.OnFolder, "", false, "folder_open",
		telemetry.Value{Key: "folder", Kind: manifest.Text, Text: l.folderName(s)})
}

func (l *launcher) closeFolder(s *System, a *activity) {
	if l.folder && l.name.text != l.folderName(s) {
		s.stored(l.app.Package).names["folder"] = l.name.text
		s.report(personality.OnFolder, "", false, "folder_rename",
			telemetry.Value{Key: "folder", Kind: manifest.Text, Text: l.name.text})
	}
	l.folder, a.focus = false, nil
}

func (l *launcher) build(s *System, a *activity, b *builder) {
	b.root.Look.Fill = screen.Faint
	if l.folder {
		l.name.enter = func() { l.closeFolder(s, a) }
		b.down(40)
		b.edit("folder_name", "Folder name", &l.name, b.rect(40, -40, 48))
		b.down(80)
		b.text("", "This folder is empty", screen.Label, screen.Look{Ink: screen.Grey})
		return
	}
	b.down(16)
	b.add(&screen.View{ID: "clock", Text: s.now().Format("15:04"), Class: screen.Label, Bounds: b.rect(16, -16, 64), Look: screen.Look{Size: 3, Centre: true}})
	b.down(90)
	switch l.page {
	case -1:
		b.text("", "App vault", screen.Label, screen.Look{Size: 3})
		return
	case 0:
		i := 0
		for _, app := range s.kind.Apps {
			if app.Activity == "" || app.Kind == personality.Launcher || !s.installed(app.Package) {
				continue
			}
			l.icon(b, i, app.Label, app.Label, func() {
				_, _ = s.launch(app.Package)
			})
			i++
		}
	default:
		l.icon(b, 0, l.folderName(s), "Folder: "+l.folderName(s), func() { l.openFolder(s) })
	}
}

// icon draws the nth icon of a grid of four columns.
func (l *launcher) icon(b *builder, n int, label, desc string, tap func()) {
	w := b.w / 4
	x, y := n%4*w, b.y+n/4*b.dp(104)
	b.into.Children = append(b.into.Children, &screen.View{Class: screen.Relative, Package: b.pkg, Desc: desc, Clickable: true, Tap: tap, LongClickable: true,
		Bounds: image.Rect(x, y, x+w, y+b.dp(96)), Children: []*screen.View{
			{ID: b.id("icon_icon"), Class: screen.Image, Package: b.pkg, Bounds: image.Rect(x+w/4, y, x+w*3/4, y+b.dp(56)), Look: screen.Look{Fill: screen.Blue}},
			{ID: b.id("icon_title"), Text: label, Class: screen.Label, Package: b.pkg, Bounds: image.Rect(x, y+b.dp(60), x+w, y+b.dp(96)), Look: screen.Look{Size: 1, Centre: true}},
		}})
}

// launch starts an app as a tap on its icon does.
func (s *System) launch(pkg string) (Started, error) {
	in := Intent{Action: ActionMain, Package: pkg, Categories: []string{CategoryLauncher}}
	pkg, class, err := s.find(in)
	if err != nil {
		return Started{}, err
	}
	started := Started{Activity: pkg + "/" + phone.ShortActivity(pkg, class), Cold: s.procs[pkg] == nil}
	s.start(in, pkg, class, &started)
	return started, nil
}
