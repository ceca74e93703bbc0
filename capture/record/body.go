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
	hashed  int    // bytes of memory that hash has
	start   uint64 // what knownBodies calls the first full memory
	twin    *twin  // a stored body that this one is equal to so far; then hash and file have nothing yet
	placed  bool   // all that is to be stored is equal to a stored body
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
	room := b.cap - b.size
	keep := p[:min(int64(len(p)), max(room, 0))]
	b.store(keep)
	if rest := p[len(keep):]; len(rest) > 0 {
		if room >= 0 { // the cap is passed here
			b.name(b.hashAll)
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

// store takes bytes in pieces as large as the memory, for a write costs the more the smaller it is.
func (b *BodyWriter) store(p []byte) {
	for len(p) > 0 {
		if b.memory == nil {
			b.memory = getBuf(b.w.limits.Memory)
		}
		if len(b.memory) == b.w.limits.Memory {
			b.flush()
		}
		n := min(len(p), b.w.limits.Memory-len(b.memory))
		b.memory = append(b.memory, p[:n]...)
		p = p[n:]
	}
}

// flush brings what is in memory to the file.
func (b *BodyWriter) flush() {
	if first := b.file == nil && b.fileErr == nil && b.twin == nil; first && b.hashed == 0 && len(b.memory) == b.w.limits.Memory {
		b.twin = b.findTwin()
	}
	if b.twin != nil && b.twin.goesOn(b.memory) {
		b.memory = b.memory[:0]
		return
	}
	b.settle()
	if b.file == nil && b.fileErr == nil {
		b.spill()
	}
	if b.fileErr == nil && len(b.memory) > 0 {
		_, b.fileErr = b.file.Write(b.memory)
	}
	b.memory, b.hashed = b.memory[:0], 0
}

// settle brings the hash up to date.
func (b *BodyWriter) settle() {
	if b.hash == nil {
		b.hash = hashes.Get().(hash.Hash)
	}
	b.leaveTwin()
	b.hash.Write(b.memory[b.hashed:])
	b.hashed = len(b.memory)
}

// name computes what the stored bytes are called, all of which have come. hashed says that the hash is needed further on.
func (b *BodyWriter) name(hashed bool) {
	if b.twin != nil && !hashed && b.twin.ends(b.memory) {
		b.sum, b.placed = b.twin.sum, true
		b.twin.close()
		putBuf(b.memory)
		b.twin, b.memory = nil, nil
		return
	}
	b.settle()
	b.hash.Sum(b.sum[:0])
}

// spill opens the body's file.
func (b *BodyWriter) spill() {
	b.part = "." + strconv.FormatInt(b.w.parts.Add(1), 10) + ".part"
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
		b.name(false)
	}
	r.SHA256 = hex.EncodeToString(b.sum[:])
	if err := b.place(r.SHA256); err != nil {
		b.w.failed(fmt.Errorf("storing a body of %d bytes: %w", b.size, err))
	}
	putBuf(b.memory)
	if b.hash != nil {
		b.hash.Reset()
		hashes.Put(b.hash)
	}
	b.memory, b.hash = nil, nil
	b.result = r
	return r
}

// place puts the stored bytes at bodies/<name>. The file appears whole or not at all.
func (b *BodyWriter) place(name string) error {
	if b.placed {
		return nil
	}
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
	if b.start != 0 {
		b.w.known.begins(b.start, b.sum)
	}
	return nil
}
