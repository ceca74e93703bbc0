package phone

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

const maxLogEntries = 4096

// Entry is one line of the log.
type Entry struct {
	At       time.Time
	PID, TID int
	Level    byte   // V D I W E F
	Buffer   string // main, system, events, crash
	Tag      string
	Text     string
}

// Log is logcat's ring buffer.
type Log struct {
	now     func() time.Time
	mu      sync.Mutex
	entries []Entry
	first   int // number of the oldest entry ever kept, so that a reader knows what it has seen
	changed chan struct{}
}

func newLog(now func() time.Time) *Log { return &Log{now: now, changed: make(chan struct{})} }

// Print adds an entry. A text of several lines becomes several entries, each at most 4000 bytes.
func (l *Log) Print(buffer string, level byte, pid int, tag, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if len(line) > 4000 {
			line = line[:4000]
		}
		l.entries = append(l.entries, Entry{At: l.now(), PID: pid, TID: pid, Level: level, Buffer: buffer, Tag: tag, Text: line})
	}
	if extra := len(l.entries) - maxLogEntries; extra > 0 {
		l.entries = append([]Entry(nil), l.entries[extra:]...)
		l.first += extra
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// Printf adds a formatted entry to the main buffer.
func (l *Log) Printf(level byte, pid int, tag, format string, args ...any) {
	l.Print("main", level, pid, tag, fmt.Sprintf(format, args...))
}

// Read returns the entries from number from on, the number to read from next, and a channel that is closed when there
// is more.
func (l *Log) Read(from int) (entries []Entry, next int, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	skip := min(max(from-l.first, 0), len(l.entries))
	return append([]Entry(nil), l.entries[skip:]...), l.first + len(l.entries), l.changed
}

// Clear empties the buffer, as logcat -c does.
func (l *Log) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first += len(l.entries)
	l.entries = nil
}
