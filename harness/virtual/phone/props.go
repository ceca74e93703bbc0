package phone

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Props are the system properties. Names that start with "persist." survive a reboot, those that start with "ro." can
// not be changed by the shell, everything else is gone after a reboot unless the phone came with it.
type Props struct {
	mu       sync.RWMutex
	original map[string]string
	values   map[string]string
}

func newProps(original map[string]string) *Props {
	return &Props{original: maps.Clone(original), values: maps.Clone(original)}
}

// Get returns a property, or the empty string, as getprop does.
func (p *Props) Get(name string) string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.values[name]
}

// Set changes a property as the shell may: it reports false for a read-only one and for a name or value that is too
// long (a name may be empty nowhere; a value holds at most 91 bytes since Android 1, "ro." ones may be longer).
func (p *Props) Set(name, value string) bool {
	if name == "" || strings.HasPrefix(name, "ro.") || len(value) > 91 || len(name) > 256 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.values[name]; !known && len(p.values) > 4096 {
		return false
	}
	p.values[name] = value
	return true
}

// Force changes any property: what the phone itself does, and what a test does to make a phone lie.
func (p *Props) Force(name, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.values[name] = value
}

// Prop is one property.
type Prop struct{ Name, Value string }

// All returns every property, sorted by name.
func (p *Props) All() []Prop {
	p.mu.RLock()
	defer p.mu.RUnlock()
	out := make([]Prop, 0, len(p.values))
	for _, k := range slices.Sorted(maps.Keys(p.values)) {
		out = append(out, Prop{k, p.values[k]})
	}
	return out
}

func (p *Props) reboot() {
	p.mu.Lock()
	defer p.mu.Unlock()
	values := maps.Clone(p.original)
	for k, v := range p.values {
		if strings.HasPrefix(k, "persist.") || strings.HasPrefix(k, "ro.") {
			values[k] = v
		}
	}
	p.values = values
}
