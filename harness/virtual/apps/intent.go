package apps

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// Actions that several apps know.
const (
	ActionMain = "android.intent.action.MAIN"
	ActionView = "android.intent.action.VIEW"

	CategoryLauncher = "android.intent.category.LAUNCHER"
	CategoryHome     = "android.intent.category.HOME"
)

// Intent asks for an activity.
type Intent struct {
	Action     string
	Data       string
	Type       string
	Package    string // -p, or the bare word at the end
	Component  string // pkg/class, the class short or full
	Categories []string
	Extras     map[string]string
}

// String is how am prints it: Intent { act=... dat=... cmp=... }.
func (in Intent) String() string {
	parts := []string{"Intent {"}
	add := func(k, v string) {
		if v != "" {
			parts = append(parts, k+"="+v)
		}
	}
	add("act", in.Action)
	if len(in.Categories) > 0 {
		add("cat", "["+strings.Join(in.Categories, ",")+"]")
	}
	add("dat", shortData(in.Data))
	add("typ", in.Type)
	add("pkg", in.Package)
	if pkg, class, ok := strings.Cut(in.Component, "/"); ok {
		add("cmp", pkg+"/"+phone.ShortActivity(pkg, class))
	}
	if len(in.Extras) > 0 {
		parts = append(parts, "(has extras)")
	}
	return strings.Join(append(parts, "}"), " ")
}

// shortData is Uri.toSafeString: what follows the host of a web address is not printed.
func shortData(data string) string {
	u, err := url.Parse(data)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return data
	}
	return u.Scheme + "://" + u.Host + "/..."
}

// Failure of a start, with the text that am prints.
type Failure struct{ Text string }

func (f *Failure) Error() string { return f.Text }

// Started is what `am start -W` tells.
type Started struct {
	Activity string // pkg/.Class
	Cold     bool   // the process was not running
	Warm     bool   // the task was there: only brought to the front
	Took     time.Duration
}

// Start starts an activity. A *Failure has the text that am prints.
func (s *System) Start(in Intent) (Started, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Started{}, &Failure{"Error: the phone is off"}
	}
	began := time.Now()
	pkg, class, err := s.find(in)
	if err != nil {
		return Started{}, err
	}
	started := Started{Activity: pkg + "/" + phone.ShortActivity(pkg, class), Cold: s.procs[pkg] == nil}
	s.start(in, pkg, class, &started)
	if a := s.top(); a != nil {
		started.Activity = a.pkg + "/" + phone.ShortActivity(a.pkg, a.class) // what is shown, which may not be what was asked for
	}
	started.Took = time.Since(began)
	return started, nil
}

// start opens an activity that find has found.
func (s *System) start(in Intent, pkg, class string, started *Started) {
	if in.Action == ActionMain && in.Data == "" && s.raise(pkg) {
		started.Warm = true
		return
	}
	if top := s.taskTop(pkg); top != nil && top.class == class && top.intent != nil {
		s.raise(pkg)
		top.intent(in)
		started.Warm = true
		return
	}
	a := s.apps[pkg].open(s, class)
	started.Warm = s.push(a)
	if a.intent != nil {
		a.intent(in)
	}
}

func (s *System) taskTop(pkg string) *activity {
	for _, t := range s.tasks {
		if t.pkg == pkg {
			return t.top()
		}
	}
	return nil
}

// find decides which component answers an intent, as the package manager does.
func (s *System) find(in Intent) (pkg, class string, err error) {
	if in.Component != "" {
		pkg, class, ok := strings.Cut(in.Component, "/")
		class = phone.FullActivity(pkg, class)
		missing := &Failure{fmt.Sprintf("Error type 3\nError: Activity class {%s/%s} does not exist.", pkg, class)}
		if !ok || s.apps[pkg] == nil || !s.installed(pkg) || !s.apps[pkg].has(class) {
			return "", "", missing
		}
		if w, ok := s.apps[pkg].(*browser); ok {
			class = w.full() // whichever of its activities takes an intent, it shows the one
		}
		return pkg, class, nil
	}
	for _, a := range s.kind.Apps {
		if in.Package != "" && a.Package != in.Package || s.apps[a.Package] == nil || !s.installed(a.Package) {
			continue
		}
		if in.launcher() && a.Activity != "" && in.Package != "" {
			return a.Package, phone.FullActivity(a.Package, a.Activity), nil
		}
		if class := s.apps[a.Package].resolve(in); class != "" {
			return a.Package, class, nil
		}
	}
	return "", "", &Failure{"Error: Activity not started, unable to resolve " + in.String()}
}

// Resolve is find for `cmd package resolve-activity`.
func (s *System) Resolve(in Intent) (component string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pkg, class, err := s.find(in)
	if err != nil {
		return "", false
	}
	return pkg + "/" + phone.ShortActivity(pkg, class), true
}

func (in Intent) launcher() bool {
	return in.Action == "" && in.Data == "" || in.Action == ActionMain && !in.has(CategoryHome)
}

func (in Intent) has(category string) bool {
	for _, c := range in.Categories {
		if c == category {
			return true
		}
	}
	return false
}

func (s *System) installed(pkg string) bool {
	p, ok := s.phone.Packages.Find(pkg)
	return ok && !p.Disabled
}

// app returns what the personality says of a package.
func (s *System) spec(pkg string) personality.App {
	a, _ := s.kind.App(pkg)
	a.Label = cmp.Or(a.Label, a.Package)
	return a
}
