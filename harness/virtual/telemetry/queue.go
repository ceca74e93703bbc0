package telemetry

import "sync"

// MaxQueued bounds a queue; the oldest event gives way, as in the kits' databases.
const MaxQueued = 10_000

// Queue holds events that were not sent yet, as a kit's database does. It outlives its client (a force-stop, a reboot)
// and ends with the app's data. The zero value is empty and ready.
type Queue struct {
	mu    sync.Mutex
	next  int64
	items []*item
}

// item is a queued event and the manifest entries of its earlier attempts.
type item struct {
	id      int64
	event   Event
	entries map[string]int64 // by kind and value
}

// NewQueue returns an empty queue.
func NewQueue() *Queue { return &Queue{} }

// Len returns the number of events held.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// Clear forgets them, as clearing the app's data does.
func (q *Queue) Clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = nil
}

func (q *Queue) push(e Event) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next++
	q.items = append(q.items, &item{id: q.next, event: e, entries: map[string]int64{}})
	if len(q.items) > MaxQueued {
		q.items = q.items[len(q.items)-MaxQueued:]
	}
	return len(q.items)
}

// head returns the oldest events, at most n, and leaves them queued.
func (q *Queue) head(n int) []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]*item(nil), q.items[:min(n, len(q.items))]...)
}

// remove takes out what was sent. Events queued meanwhile stay.
func (q *Queue) remove(sent []*item) {
	gone := make(map[int64]bool, len(sent))
	for _, s := range sent {
		gone[s.id] = true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	var kept []*item
	for _, i := range q.items {
		if !gone[i.id] {
			kept = append(kept, i)
		}
	}
	q.items = kept
}
