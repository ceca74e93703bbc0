package phone

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Options is how a phone leaves the factory.
type Options struct {
	Identity Identity
	Props    map[string]string
	Settings map[string]map[string]string // namespace -> key -> value
	Packages []Package
	Screen   Screen
	Account  bool             // a Mi account is signed in
	Now      func() time.Time // the host's clock; nil for time.Now
}

// Screen is the size of the display in pixels and its density in dpi.
type Screen struct{ Width, Height, Density int }

// Phone is the state of one phone. Its parts are safe for use by many goroutines.
type Phone struct {
	Identity  Identity
	Props     *Props
	Settings  *Settings
	Proxy     *Proxy
	Packages  *Packages
	Files     *Files
	Certs     *Certs
	Power     *Power
	Log       *Log
	Processes *Processes
	Faults    *FaultSwitch
	Screen    Screen
	Account   atomic.Bool

	hostNow func() time.Time

	mu     sync.RWMutex
	boots  int
	bootAt time.Time
	ctx    context.Context
	cancel context.CancelFunc
	parent context.Context
	stop   context.CancelFunc
}

// New puts a phone together and boots it.
func New(o Options) *Phone {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Screen == (Screen{}) {
		o.Screen = Screen{Width: 1080, Height: 2340, Density: 440}
	}
	p := &Phone{
		Identity: o.Identity, Props: newProps(o.Props), Settings: newSettings(), Packages: &Packages{}, Certs: &Certs{},
		Power: newPower(), Processes: newProcesses(), Faults: &FaultSwitch{}, Screen: o.Screen,
		hostNow: o.Now,
	}
	p.Account.Store(o.Account)
	p.parent, p.stop = context.WithCancel(context.Background())
	p.Proxy = newProxy(p.Settings)
	p.Log = newLog(p.Now)
	p.Files = newFiles(p.Now)
	for ns, table := range o.Settings {
		for k, v := range table {
			p.Settings.Put(ns, k, v)
		}
	}
	for _, pkg := range o.Packages {
		p.Packages.Put(pkg)
	}
	p.Files.Live("/proc/sys/kernel/random/boot_id", func() []byte { return []byte(p.BootID() + "\n") })
	p.Files.Live("/proc/uptime", func() []byte {
		up := p.Uptime().Seconds()
		return fmt.Appendf(nil, "%.2f %.2f\n", up, up*6)
	})
	p.Files.Live("/proc/version", func() []byte {
		return []byte("Linux version 4.14.117-perf (virtual@telltale) #1 SMP PREEMPT\n")
	})
	p.Faults.Observe(func() { p.Files.forbid(p.Faults.Get().Forbidden) })
	p.boot()
	return p
}

func (p *Phone) boot() {
	p.mu.Lock()
	p.boots++
	p.bootAt = p.hostNow()
	p.ctx, p.cancel = context.WithCancel(p.parent)
	p.mu.Unlock()
	p.Processes.Start(RootUID, 0, "init", "/init", nil)
	p.Processes.Start(1000, 1, "system_server", "system_server", nil)
	p.Proxy.boot()
	p.Props.Force("sys.boot_completed", "1")
	p.Props.Force("dev.bootcomplete", "1")
	p.Props.Force("init.svc.bootanim", "stopped")
}

// Reboot loses what a reboot loses (processes, the log, volatile properties, the boot id) and keeps settings, files,
// certificates and packages. Whatever ran under the context of the boot before is told to end.
func (p *Phone) Reboot() {
	p.mu.Lock()
	cancel := p.cancel
	p.mu.Unlock()
	cancel()
	p.Processes.reboot()
	p.Props.reboot()
	p.Power.reboot()
	p.Log.Clear()
	p.boot()
}

// Close turns the phone off for good.
func (p *Phone) Close() { p.stop() }

// Boot returns a context that ends with the present boot.
func (p *Phone) Boot() context.Context {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.ctx
}

// BootID is the kernel's random id of this boot, derived from the seed and the number of boots.
func (p *Phone) BootID() string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.Identity.UUID(fmt.Sprintf("boot %d", p.boots))
}

// Uptime is the time since boot.
func (p *Phone) Uptime() time.Duration {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.hostNow().Sub(p.bootAt) + 90*time.Second
}

// Now is the phone's clock.
func (p *Phone) Now() time.Time {
	return p.hostNow().Add(p.Faults.Get().ClockOffset)
}

// HostNow is the clock of the computer that the phone stands on.
func (p *Phone) HostNow() time.Time { return p.hostNow() }

// SDK is the API level.
func (p *Phone) SDK() int {
	n := 0
	if _, err := fmt.Sscanf(p.Props.Get("ro.build.version.sdk"), "%d", &n); err != nil {
		return 28
	}
	return n
}

// MIUI reports whether the phone runs Xiaomi's Android, which gates input and settings behind a developer option.
func (p *Phone) MIUI() bool { return p.Props.Get("ro.miui.ui.version.name") != "" }

// InputAllowed reports whether the shell may inject input and write settings: always but on MIUI with "USB debugging
// (Security settings)" off.
func (p *Phone) InputAllowed() bool {
	f := p.Faults.Get()
	return !f.InputBlocked && (f.Ungated || !p.MIUI() || p.Props.Get("persist.security.adbinput") == "1")
}

// Airplane reports whether airplane mode is on.
func (p *Phone) Airplane() bool {
	v, _ := p.Settings.Get(Global, "airplane_mode_on")
	return v == "1"
}
