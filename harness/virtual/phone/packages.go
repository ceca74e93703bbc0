package phone

import (
	"slices"
	"strings"
	"sync"
)

// Package is one installed app.
type Package struct {
	Name        string
	UID         int
	VersionName string
	VersionCode int
	TargetSDK   int
	Launcher    string // activity of the launcher icon, "" for none: ".BrowserActivity"
	Label       string
	Path        string // of its APK
	Third       bool   // installed by the user
	Installed   string // lastUpdateTime, "2020-03-18 16:54:42"
	Disabled    bool
}

// Component returns a package's launcher component as commands print it: "com.miui.home/.launcher.Launcher".
func (p Package) Component() string {
	if p.Launcher == "" {
		return ""
	}
	return p.Name + "/" + p.Launcher
}

// FullActivity makes the name of an activity whole: ".A" in package p is "p.A".
func FullActivity(pkg, activity string) string {
	if strings.HasPrefix(activity, ".") {
		return pkg + activity
	}
	return activity
}

// ShortActivity is the other way round, as Android prints components.
func ShortActivity(pkg, activity string) string {
	if rest, ok := strings.CutPrefix(activity, pkg); ok && strings.HasPrefix(rest, ".") {
		return rest
	}
	return activity
}

// Packages is what is installed. It survives a reboot.
type Packages struct {
	mu   sync.RWMutex
	list []Package
	gone []Package // of the system, removed for its user: their files are still there
}

// All returns the packages, sorted by name.
func (p *Packages) All() []Package {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.Clone(p.list)
}

// Find returns one package.
func (p *Packages) Find(name string) (Package, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, q := range p.list {
		if q.Name == name {
			return q, true
		}
	}
	return Package{}, false
}

// Put installs a package or replaces it: an update.
func (p *Packages) Put(pkg Package) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = slices.DeleteFunc(p.list, func(q Package) bool { return q.Name == pkg.Name })
	p.list = append(p.list, pkg)
	slices.SortFunc(p.list, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
}

// RemoveForUser takes a package of the system from its user.
func (p *Packages) RemoveForUser(name string) bool {
	pkg, ok := p.Find(name)
	if !ok || !p.Remove(name) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = append(p.gone, pkg)
	return true
}

// InstallExisting gives its user a package of the system back.
func (p *Packages) InstallExisting(name string) bool {
	if _, ok := p.Find(name); ok {
		return true
	}
	p.mu.Lock()
	i := slices.IndexFunc(p.gone, func(q Package) bool { return q.Name == name })
	if i < 0 {
		p.mu.Unlock()
		return false
	}
	pkg := p.gone[i]
	p.gone = slices.Delete(p.gone, i, i+1)
	p.mu.Unlock()
	p.Put(pkg)
	return true
}

// Remove uninstalls a package.
func (p *Packages) Remove(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.list)
	p.list = slices.DeleteFunc(p.list, func(q Package) bool { return q.Name == name })
	return len(p.list) < n
}
