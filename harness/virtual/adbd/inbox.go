package adbd

import "sync"

// inbox holds the WRTEs of one stream that its consumer has not taken. Mostly there is one: the host waits for our
// OKAY. But when a client ends with data still in its socket, adb 29.0.6 sends all of it at once, in packets of up to
// 1 MiB, then CLSE (measured with exec-in). Limits.Buffered bounds what all streams of a link may hold.
type inbox struct {
	mu    sync.Mutex
	queue [][]byte
	held  int64 // bytes in queue and of the WRTE that is being consumed; 0 after drop
	gone  bool
	more  chan struct{} // has a value when something was put
}

// put adds a WRTE and returns the bytes to count.
func (b *inbox) put(data []byte) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return 0
	}
	b.queue = append(b.queue, data)
	b.held += int64(len(data))
	select {
	case b.more <- struct{}{}:
	default:
	}
	return int64(len(data))
}

// take removes the oldest WRTE, nil if there is none.
func (b *inbox) take() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return nil
	}
	data := b.queue[0]
	b.queue = b.queue[1:]
	return data
}

// consumed says that n bytes that were taken are used, and returns the bytes to uncount.
func (b *inbox) consumed(n int) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return 0
	}
	b.held -= int64(n)
	return int64(n)
}

// drop is called when the stream leaves its link's table: it returns the bytes to uncount and counts no more. What
// is queued can still be taken.
func (b *inbox) drop() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.held
	b.held, b.gone = 0, true
	return n
}
