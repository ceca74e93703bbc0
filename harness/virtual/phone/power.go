package phone

import "sync"

// Power is battery, temperature, screen and keyguard.
type Power struct {
	mu      sync.RWMutex
	battery Battery
	thermal int
	awake   bool
	locked  bool
	pin     string
}

// Battery is what dumpsys battery shows.
type Battery struct {
	Level       int // per cent
	Temperature int // tenths of a degree Celsius
	USB         bool
	Updates     bool // false: the values are faked and stay as they are
}

func newPower() *Power {
	return &Power{battery: Battery{Level: 82, Temperature: 295, USB: true, Updates: true}, awake: true}
}

// Battery returns the battery's state.
func (p *Power) Battery() Battery {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.battery
}

// SetBattery changes it.
func (p *Power) SetBattery(b Battery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.battery = b
}

// Thermal returns the thermal status, 0 (none) to 6 (shutdown).
func (p *Power) Thermal() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.thermal
}

// SetThermal changes it.
func (p *Power) SetThermal(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.thermal = status
}

// Awake reports whether the screen is on.
func (p *Power) Awake() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.awake
}

// Locked reports whether the keyguard shows.
func (p *Power) Locked() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.locked
}

// Secure reports whether the keyguard wants a PIN.
func (p *Power) Secure() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.pin != ""
}

// SetPIN makes the keyguard secure, or with "" not, and shows it.
func (p *Power) SetPIN(pin string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pin, p.locked = pin, pin != ""
}

// Sleep turns the screen off; the keyguard shows when it comes back.
func (p *Power) Sleep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.awake, p.locked = false, true
}

// Wake turns the screen on.
func (p *Power) Wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.awake = true
}

// Dismiss takes the keyguard away if no PIN is needed, as a swipe or `wm dismiss-keyguard` does.
func (p *Power) Dismiss() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pin == "" && p.awake {
		p.locked = false
	}
	return !p.locked
}

// Unlock tries a PIN.
func (p *Power) Unlock(pin string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.awake && pin == p.pin {
		p.locked = false
	}
	return !p.locked
}

func (p *Power) reboot() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.awake, p.locked = true, p.pin != ""
	p.battery.Updates = true
}
