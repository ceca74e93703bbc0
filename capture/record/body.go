package record

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"strconv"
	"sync"

	"github.com/telltale-farm/telltale/capture/flow"
)

// BodyWriter takes one body as it streams by. It never holds the stream up for long and never refuses a byte: what is
// over the cap is counted, and hashed when the phone sent it. It must be finished with Finish or it leaves a stray file.
type BodyWriter struct {
	w       *Writer
	cap     int64
	hashAll bool

	mu      sync.Mutex
	done    bool
	size    int64
	hash    hash.Hash
	sum     [sha256.Size]byte // of the stored bytes, once the cap is passed
	memory  []byte
	file    *os.File
	part    string
	fileErr error
	result  *flow.Body
	shown   int64 // size at the last Snapshot
	copied  int64 // bytes that snapshots took
}

// NewBody starts a body that the phone sends: stored up to Limits.BodyCap, hashed to its end.
func (w *Writer) NewBody() *BodyWriter {
	return &BodyWriter{w: w, cap: w.limits.BodyCap, hashAll: true}
}

// NewReply starts a body that a server sends: stored up to Limits.ReplyCap, and only counted from there.
func (w *Writer) NewReply() *BodyWriter {
	return &BodyWriter{w: w, cap: w.limits.ReplyCap}
}

// NewLog starts a byte log of a relayed stream, stored up to cap bytes and hashed to its end.
func (w *Writer) NewLog(cap int64) *BodyWriter {
	return &BodyWriter{w: w, cap: cap, hashAll: true}
}

// Size gives how many bytes have passed so far.
func (b *BodyWriter) Size() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size
}

// Write takes the next bytes. It always takes all of them; what could not be stored shows in the Body and in Writer.Err.
func (b *BodyWriter) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done || len(p) == 0 {
		return len(p), nil
	}
	if b.hash == nil {
		b.hash = hashes.Get().(hash.Hash)
	}
	room := b.cap - b.size
	keep := p[:min(int64(len(p)), max(room, 0))]
	if len(keep) > 0 {
		b.hash.Write(keep)
		b.store(keep)
	}
	if rest := p[len(keep):]; len(rest) > 0 {
		if room >= 0 { // the cap is passed here
			b.hash.Sum(b.sum[:0])
		}
		if b.hashAll {
			b.hash.Write(rest)
		}
	}
	b.size += int64(len(p))
	if b.size >= b.cap && b.file != nil && b.memory != nil { // no more is stored
		b.flush()
		putBuf(b.memory)
		b.memory = nil
	}
	return len(p), nil
}

func (b *BodyWriter) store(p []byte) {
	if b.file == nil && b.fileErr == nil {
		if len(b.memory)+len(p) <= b.w.limits.Memory {
			if b.memory == nil {
				b.memory = getBuf(b.w.limits.Memory)
			}
			b.memory = append(b.memory, p...)
			return
		}
		b.spill()
	}
	for len(p) > 0 && b.fileErr == nil { // in pieces as large as the memory, for a write costs the more the smaller it is
		n := min(len(p), b.w.limits.Memory-len(b.memory))
		b.memory = append(b.memory, p[:n]...)
		if p = p[n:]; len(b.memory) == b.w.limits.Memory {
			b.flush()
		}
	}
}

// flush writes the memory to the file.
func (b *BodyWriter) flush() {
	if b.fileErr == nil && len(b.memory) > 0 {
		_, b.fileErr = b.file.Write(b.memory)
	}
	b.memory = b.memory[:0]
}

// spill opens the body's file.
func (b *BodyWriter) spill() {
	b.part = "." + strconv.FormatInt(b.w.parts.Add(1), 10) + ".part"
	if b.memory == nil {
		b.memory = getBuf(b.w.limits.Memory)
	}
	b.file, b.fileErr = b.w.bodies.OpenFile(b.part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// Finish stores the body under its hash and says what it was, nil for an empty one. partial says that the sender stopped
// before its end. Later writes are dropped; a second Finish gives the first one's answer.
func (b *BodyWriter) Finish(partial bool) *flow.Body {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return b.result
	}
	b.done = true
	if b.size == 0 {
		return nil
	}
	r := &flow.Body{Size: b.size, Stored: min(b.size, b.cap), Partial: partial}
	if r.Truncated = r.Stored < r.Size; r.Truncated {
		if b.hashAll {
			r.Full = hex.EncodeToString(b.hash.Sum(nil))
		}
	} else {
		b.hash.Sum(b.sum[:0])
	}
	r.SHA256 = hex.EncodeToString(b.sum[:])
	if err := b.place(r.SHA256); err != nil {
		b.w.failed(fmt.Errorf("storing a body of %d bytes: %w", b.size, err))
	}
	putBuf(b.memory)
	b.hash.Reset()
	hashes.Put(b.hash)
	b.memory, b.hash = nil, nil
	b.result = r
	return r
}

// place puts the stored bytes at bodies/<name>. The file appears whole or not at all.
func (b *BodyWriter) place(name string) error {
	known := b.w.known.has(b.sum)
	if known && b.file == nil && b.fileErr == nil {
		return nil
	}
	if b.file == nil && b.fileErr == nil {
		b.spill()
	}
	if b.file != nil {
		if !known {
			b.flush()
		}
		b.fileErr = errors.Join(b.fileErr, b.file.Close())
	}
	if b.fileErr != nil || known {
		if b.file != nil {
			_ = b.w.bodies.Remove(b.part)
		}
		return b.fileErr
	}
	if err := b.w.bodies.Rename(b.part, name); err != nil {
		return err
	}
	b.w.known.add(b.sum)
	return nil
}

// knownBodies remembers which bodies are stored, so that equal ones are written once. It forgets all when full: a body
// that is written again is only replaced by itself.
type knownBodies struct {
	mu   sync.Mutex
	sums map[[sha256.Size]byte]struct{}
}

const maxKnown = 1 << 16

func (k *knownBodies) has(sum [sha256.Size]byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.sums[sum]
	return ok
}

func (k *knownBodies) add(sum [sha256.Size]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sums == nil || len(k.sums) >= maxKnown {
		k.sums = make(map[[sha256.Size]byte]struct{})
	}
	k.sums[sum] = struct{}{}
}
