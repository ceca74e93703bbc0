package apps

import (
	"context"
	"net/http"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/chromium"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// alertUnknownCA is what Firefox's TLS says to a certificate it does not believe (RFC 8446, section 6.2).
const alertUnknownCA = 48

// process is a running app.
type process struct {
	app     personality.App
	row     *phone.Process
	ctx     context.Context // ends with the process
	cancel  context.CancelFunc
	net     *network.App
	client  *http.Client
	senders []*sender
	pages   *chromium.Browser // of an app that is a real browser
	secret  bool              // of a browser with certificates of its own: its hidden page shows
}

// process returns the running process of a package and starts it if there is none.
func (s *System) process(pkg string) *process {
	if p := s.procs[pkg]; p != nil {
		return p
	}
	app := s.spec(pkg)
	p := &process{app: app}
	p.ctx, p.cancel = context.WithCancel(s.phone.Boot())
	s.stored(pkg).starts++
	s.stored(pkg).stopped = false
	p.row = s.phone.Processes.Start(app.UID, 2, pkg, pkg, nil)
	user, alert := s.phone.Certs.Pool, uint8(0)
	if app.Web != nil && app.Web.OwnStore {
		alert = alertUnknownCA
		if !s.believesUser(pkg) {
			user = nil
		}
	}
	p.net = s.net.App(network.AppOptions{
		UID: app.UID, Package: pkg, Stack: app.Stack, Trust: app.Trust, SystemRoots: s.systemRoots,
		UserRoots: user, Alert: alert,
	})
	p.client = p.net.HTTP()
	s.realPages(p)
	s.procs[pkg] = p
	s.phone.Log.Print("events", 'I', 1000, "am_proc_start", pkg)
	for i, leak := range s.kind.Leaks {
		if leak.App == pkg {
			p.senders = append(p.senders, s.newSender(p, i, leak))
		}
	}
	for _, n := range s.kind.Noise {
		if n.App == pkg {
			s.noise(p, n)
		}
	}
	return p
}

// stop ends a process: what it was sending is cut, what it had not sent yet stays in its data.
func (s *System) stop(pkg string) {
	p := s.procs[pkg]
	if p == nil {
		return
	}
	delete(s.procs, pkg)
	p.cancel()
	s.phone.Processes.Exit(p.row.PID)
	for _, sender := range p.senders {
		sender.close()
	}
	if p.pages != nil {
		p.pages.Close()
	}
	s.net.CloseApp(p.app.UID)
}

// ForceStop is `am force-stop`: the process ends and its task is gone. Nothing queued is lost, nothing is flushed: it
// goes out when the app runs again.
func (s *System) ForceStop(pkg string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored(pkg).stopped = true
	if s.procs[pkg] == nil && s.taskTop(pkg) == nil {
		return
	}
	s.phone.Log.Print("events", 'I', 1000, "am_kill", "[0,"+pkg+",stop "+pkg+"]")
	s.stop(pkg)
	s.drop(pkg)
	if s.spec(pkg).Kind == personality.Service && !s.closed {
		s.process(pkg) // a persistent service is started again
	}
}

// KillPID is `kill` on an app's process.
func (s *System) KillPID(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for pkg, p := range s.procs {
		if p.row.PID == pid {
			s.stop(pkg)
			s.drop(pkg)
			return true
		}
	}
	return false
}

// Clear is `pm clear`: the app stops and everything it had stored is gone, its installation id and consent too.
func (s *System) Clear(pkg string) bool {
	if _, ok := s.phone.Packages.Find(pkg); !ok {
		return false
	}
	s.ForceStop(pkg)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset(pkg)
	return true
}

// Uninstall removes a package with its data.
func (s *System) Uninstall(pkg string) bool {
	if !s.Clear(pkg) {
		return false
	}
	s.mu.Lock()
	s.stored(pkg).removals++
	s.mu.Unlock()
	if p, ok := s.phone.Packages.Find(pkg); ok && !p.Third {
		return s.phone.Packages.RemoveForUser(pkg)
	}
	return s.phone.Packages.Remove(pkg)
}

// Running tells whether an app has a process.
func (s *System) Running(pkg string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.procs[pkg] != nil
}

// after does something on the main thread when a piece of work in the background of a process has ended, unless the
// process has ended before.
func (s *System) after(p *process, work func(ctx context.Context), then func()) {
	if s.closed {
		return
	}
	s.running.Go(func() {
		work(p.ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if p.ctx.Err() == nil && then != nil {
			then()
		}
	})
}

// Trim is `am kill`: processes that are not in front are ended, their tasks stay. An empty package means all.
func (s *System) Trim(pkg string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.procs {
		if (pkg == "" || name == pkg) && name != s.front && s.kills(name) {
			s.stop(name)
			s.drop(name)
		}
	}
}

func (s *System) kills(pkg string) bool {
	k := s.spec(pkg).Kind
	return k != personality.Service && k != personality.SystemUI && k != personality.Launcher
}

// StartService starts a package's process, as starting a service in it does.
func (s *System) StartService(in Intent) bool {
	pkg, _, _ := strings.Cut(in.Component, "/")
	if pkg == "" {
		pkg = in.Package
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.installed(pkg) {
		return false
	}
	s.process(pkg)
	return true
}
