package record

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/telltale-farm/telltale/capture/flow"
)

// snapshotRoom is what the snapshots of one body may take on disk beyond as much again as the body itself.
const snapshotRoom = 1 << 20

// Snapshot stores what has come so far of a body that goes on, and says what it is: partial. It gives nil when nothing
// has come since the last one, or when the snapshots of this body would take too much room. Writes go on after it.
func (b *BodyWriter) Snapshot() *flow.Body {
	b.mu.Lock()
	defer b.mu.Unlock()
	stored := min(b.size, b.cap)
	if b.done || b.size == b.shown || b.copied > stored+snapshotRoom {
		return nil
	}
	r := &flow.Body{Size: b.size, Stored: stored, Truncated: stored < b.size, Partial: true}
	sum := b.sum
	if !r.Truncated {
		b.settle()
		b.hash.Sum(sum[:0])
	} else if b.hashAll {
		r.Full = hex.EncodeToString(b.hash.Sum(nil))
	}
	r.SHA256 = hex.EncodeToString(sum[:])
	if !b.placed && !b.w.known.has(sum) {
		if err := b.copyTo(r.SHA256); err != nil {
			b.w.failed(fmt.Errorf("storing %d bytes of a body that goes on: %w", stored, err))
			return nil
		}
		b.w.known.add(sum)
		b.copied += stored
	}
	b.shown = b.size
	return r
}

// copyTo puts a copy of the bytes so far at bodies/<name>. The caller holds mu.
func (b *BodyWriter) copyTo(name string) (err error) {
	if b.file != nil && b.memory != nil {
		b.flush()
	}
	if b.fileErr != nil {
		return b.fileErr
	}
	part := "." + strconv.FormatInt(b.w.parts.Add(1), 10) + ".part"
	to, err := b.w.bodies.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = b.copyInto(to); err == nil {
		err = to.Close()
	} else {
		_ = to.Close()
	}
	if err == nil {
		err = b.w.bodies.Rename(part, name)
	}
	if err != nil {
		_ = b.w.bodies.Remove(part)
	}
	return err
}

func (b *BodyWriter) copyInto(to *os.File) error {
	if b.file == nil {
		_, err := to.Write(b.memory)
		return err
	}
	from, err := b.w.bodies.Open(b.part)
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = io.Copy(to, from)
	return err
}
