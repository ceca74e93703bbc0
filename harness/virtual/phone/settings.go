package phone

import (
	"maps"
	"slices"
	"sync"
)

// Namespaces of the settings provider.
const (
	System = "system"
	Secure = "secure"
	Global = "global"
)

// Bounds on what a shell may store, so that a loop in a script cannot fill the host's memory.
const (
	maxSettings     = 4096
	maxSettingBytes = 32 << 10
)

// Settings is the settings provider: three tables of text that survive a reboot. A change tells the observers of its
// key, as Android's ContentObserver does: a deletion too.
type Settings struct {
	mu        sync.RWMutex
	tables    map[string]map[string]string
	observers map[string][]func()
}

func newSettings() *Settings {
	return &Settings{
		tables:    map[string]map[string]string{System: {}, Secure: {}, Global: {}},
		observers: map[string][]func(){},
	}
}

// Namespace reports whether a name is one of the three tables.
func (s *Settings) Namespace(ns string) bool { return ns == System || ns == Secure || ns == Global }

// Get returns a setting; ok is false if it is unset, which the shell prints as "null".
func (s *Settings) Get(ns, key string) (value string, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	value, ok = s.tables[ns][key]
	return value, ok
}

// Put stores a setting. It reports false when the table is full or the value too large.
func (s *Settings) Put(ns, key, value string) bool {
	s.mu.Lock()
	table := s.tables[ns]
	_, known := table[key]
	if table == nil || key == "" || len(value)+len(key) > maxSettingBytes || !known && len(table) >= maxSettings {
		s.mu.Unlock()
		return false
	}
	table[key] = value
	watchers := slices.Clone(s.observers[ns+"/"+key])
	s.mu.Unlock()
	for _, w := range watchers {
		w()
	}
	return true
}

// Delete removes a setting and returns how many rows that were: 0 or 1.
func (s *Settings) Delete(ns, key string) int {
	s.mu.Lock()
	_, known := s.tables[ns][key]
	delete(s.tables[ns], key)
	watchers := slices.Clone(s.observers[ns+"/"+key])
	s.mu.Unlock()
	if !known {
		return 0
	}
	for _, w := range watchers {
		w()
	}
	return 1
}

// List returns a table sorted by key.
func (s *Settings) List(ns string) []Prop {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Prop
	for _, k := range slices.Sorted(maps.Keys(s.tables[ns])) {
		out = append(out, Prop{k, s.tables[ns][k]})
	}
	return out
}

// Observe calls f after each change of one setting. Observers are registered while the phone is put together.
func (s *Settings) Observe(ns, key string, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observers[ns+"/"+key] = append(s.observers[ns+"/"+key], f)
}
