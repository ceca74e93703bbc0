package apps

import (
	"crypto/x509"
	"sync"
	"sync/atomic"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// Options make a System.
type Options struct {
	Phone       *phone.Phone
	Network     *network.Network
	Roots       *x509.CertPool      // the system's certificate store
	Trusted     []*x509.Certificate // what is in it, for who cannot be given a pool
	Personality personality.Personality
	Recorder    *manifest.Recorder
}

// System is the activity manager, the window manager and the apps of one phone. Its methods may be called from any
// goroutine; what apps do happens under one lock, as on Android's main thread.
type System struct {
	phone   *phone.Phone
	net     *network.Network
	roots   *x509.CertPool
	builtIn []*x509.Certificate
	kind    personality.Personality
	record  *manifest.Recorder
	running sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	apps     map[string]app
	procs    map[string]*process
	data     map[string]*appData
	tasks    []*task // back to front
	nextTask int
	shade    bool
	centre   bool     // the shade is MIUI's control centre
	notes    []string // notifications, newest first
	dialog   dialogState
	front    string // package last told to the services as being in front
	pin      string // typed on the keyguard
	media    media
	clip     clipboard
	debugApp string
	toasted  string      // text of a toast
	online   atomic.Bool // Wi-Fi was on when last looked
}

type dialogState struct {
	text   string // of the fault that is on
	closed bool
}

// app is one kind of app. Its methods are called under the System's lock.
type app interface {
	// has tells whether the app has an activity of this full class name.
	has(class string) bool
	// open makes that activity. The intent that started it follows through activity.intent.
	open(s *System, class string) *activity
	// resolve returns the full class name that answers an implicit intent; empty for none.
	resolve(in Intent) string
}

// New boots the apps: the launcher is in front, the services run.
func New(o Options) *System {
	s := &System{phone: o.Phone, net: o.Network, roots: o.Roots, builtIn: o.Trusted, kind: o.Personality, record: o.Recorder,
		apps: map[string]app{}, data: map[string]*appData{}}
	for _, a := range o.Personality.Apps {
		switch a.Kind {
		case personality.Launcher:
			s.apps[a.Package] = &launcher{app: a}
		case personality.Settings:
			s.apps[a.Package] = newSettings(a, o.Personality)
		case personality.Web:
			s.apps[a.Package] = &browser{app: a}
		case personality.Player:
			s.apps[a.Package] = &player{app: a}
		case personality.Files:
			s.apps[a.Package] = &files{app: a}
		case personality.Stub:
			s.apps[a.Package] = &stub{app: a}
		}
	}
	for _, key := range []string{"wifi_on", "airplane_mode_on"} {
		o.Phone.Settings.Observe(phone.Global, key, s.radio)
	}
	s.mu.Lock()
	s.online.Store(s.hasRadio())
	s.boot()
	s.mu.Unlock()
	return s
}

// boot starts what an Android boot starts. It is called with the lock held.
func (s *System) boot() {
	s.procs = map[string]*process{}
	s.tasks, s.shade, s.front, s.pin, s.media = nil, false, "", "", media{}
	s.notes = []string{"USB debugging connected"}
	for _, a := range s.kind.Apps {
		if a.Kind == personality.Service || a.Kind == personality.SystemUI {
			s.process(a.Package)
		}
	}
	s.home()
	s.occasion(personality.AtBoot)
}

// Reboot ends every app and starts anew; data of apps stay. The phone's own state has been rebooted before.
func (s *System) Reboot() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.stopAll()
	s.boot()
}

// Close ends every app and waits for what they had begun.
func (s *System) Close() {
	s.mu.Lock()
	s.closed = true
	s.stopAll()
	s.mu.Unlock()
	s.running.Wait()
}

func (s *System) stopAll() {
	for pkg := range s.procs {
		s.stop(pkg)
	}
}

// now is the phone's clock.
func (s *System) now() time.Time { return s.phone.Now() }

// hostNow is the host's clock, whatever the phone's shows.
func (s *System) hostNow() time.Time { return s.phone.HostNow() }

func (s *System) hasRadio() bool {
	wifi, _ := s.phone.Settings.Get(phone.Global, "wifi_on")
	return wifi != "0" && !s.phone.Airplane()
}

// radio hears that a switch of the network was moved, perhaps by an app that holds the lock.
func (s *System) radio() {
	on := s.hasRadio()
	if was := s.online.Swap(on); was || !on {
		return
	}
	go func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.occasion(personality.AtWiFi)
	}()
}
