package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash/maphash"
	"os"
	"sync"
)

// twin is a stored body that another one begins like. As long as they are equal no byte of the other is hashed or
// written: what is stored already has its name already. It is compared byte for byte, so that the name is as sure as the
// hash of what was written then.
type twin struct {
	f    *os.File
	sum  [sha256.Size]byte
	at   int64 // bytes that were equal
	read []byte
}

// findTwin looks for a stored body with the same first full memory as this one; nil if there is none.
func (b *BodyWriter) findTwin() *twin {
	var sum [sha256.Size]byte
	var known bool
	if b.start, sum, known = b.w.known.beginsAs(b.memory); !known {
		return nil
	}
	f, err := b.w.bodies.Open(hex.EncodeToString(sum[:]))
	if err != nil { // somebody took it away: it is written anew
		return nil
	}
	return &twin{f: f, sum: sum, read: getBuf(b.w.limits.Memory)}
}

// goesOn says whether the stored body has these bytes next.
func (t *twin) goesOn(p []byte) bool {
	n, _ := t.f.ReadAt(t.read[:len(p)], t.at)
	if !bytes.Equal(t.read[:n], p) {
		return false
	}
	t.at += int64(n)
	return true
}

// ends says whether the stored body has these bytes next, and no more.
func (t *twin) ends(p []byte) bool {
	at := t.at
	info, err := t.f.Stat()
	same := err == nil && info.Size() == at+int64(len(p)) && t.goesOn(p)
	t.at = at
	return same
}

func (t *twin) close() {
	_ = t.f.Close()
	putBuf(t.read)
}

// leaveTwin is for a body that is not the stored one after all: what was equal is hashed and written from there. A
// stored body that can no longer be read is a body that could not be stored.
func (b *BodyWriter) leaveTwin() {
	t := b.twin
	if t == nil {
		return
	}
	b.twin = nil
	defer t.close()
	if t.at > 0 {
		b.spill()
	}
	for at := int64(0); at < t.at && b.fileErr == nil; {
		p := t.read[:min(t.at-at, int64(cap(t.read)))]
		if _, b.fileErr = t.f.ReadAt(p, at); b.fileErr == nil {
			b.hash.Write(p)
			_, b.fileErr = b.file.Write(p)
			at += int64(len(p))
		}
	}
}

// knownBodies remembers which bodies are stored, so that equal ones are written once, and how those that are longer than
// the memory begin. It forgets all when full: a body that is written again is only replaced by itself.
type knownBodies struct {
	mu     sync.Mutex
	seed   maphash.Seed
	sums   map[[sha256.Size]byte]struct{}
	starts map[uint64][sha256.Size]byte // the last body with that start
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
	k.room()
	k.sums[sum] = struct{}{}
}

// room makes the maps, anew when they are full. The caller holds mu.
func (k *knownBodies) room() {
	if k.sums == nil || len(k.sums) >= maxKnown {
		k.sums = make(map[[sha256.Size]byte]struct{})
		k.starts = make(map[uint64][sha256.Size]byte)
	}
	if k.seed == (maphash.Seed{}) {
		k.seed = maphash.MakeSeed()
	}
}

// begins notes that a stored body begins so.
func (k *knownBodies) begins(start uint64, sum [sha256.Size]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.room()
	k.starts[start] = sum
}

// beginsAs gives a number for these bytes, never 0, and the last stored body that begins with bytes of that number.
func (k *knownBodies) beginsAs(p []byte) (start uint64, sum [sha256.Size]byte, known bool) {
	k.mu.Lock()
	k.room()
	seed := k.seed
	k.mu.Unlock()
	start = max(maphash.Bytes(seed, p), 1)
	k.mu.Lock()
	defer k.mu.Unlock()
	sum, known = k.starts[start]
	return start, sum, known
}
