package main

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// maxLog bounds what is written: a phone that is cut off for days must not fill its storage.
const maxLog = 1 << 20

// record is a line of the log, which the harness reads after every window.
type record struct {
	Event string `json:"event"`          // start, host-lost, host-back, direct, closed, cleared, uncleared, full, end
	At    int64  `json:"at_ms"`          // ms since 1970, by the phone's clock
	ID    int    `json:"id,omitempty"`   // of a direct connection
	UID   int    `json:"uid,omitempty"`  // whose; -1 unknown
	To    string `json:"to,omitempty"`   // host:port
	Up    int64  `json:"up,omitempty"`   // bytes that the app sent; with closed
	Down  int64  `json:"down,omitempty"` // bytes that it received; with closed
	Error string `json:"error,omitempty"`
}

type log struct {
	mu   sync.Mutex
	w    io.Writer
	now  func() time.Time
	size int
	ids  int
}

func newLog(w io.Writer, now func() time.Time) *log { return &log{w: w, now: now} }

// id numbers a direct connection.
func (l *log) id() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids++
	return l.ids
}

// write adds a line. What could not be written is said by the line "full", and by nothing once the disk is.
func (l *log) write(r record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > maxLog {
		return
	}
	r.At = l.now().UnixMilli()
	line, err := json.Marshal(r)
	if err != nil {
		return
	}
	l.size += len(line) + 1
	if l.size > maxLog {
		line = []byte(`{"event":"full"}`)
	}
	_, _ = l.w.Write(append(line, '\n'))
}
