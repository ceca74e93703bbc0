package decode

// arena gives buffers that live until the layer that asked for them is done, and keeps the memory for the next one.
type arena struct {
	chunks [][]byte
	mark
}

// mark is a place in an arena to go back to.
type mark struct{ chunk, used int }

const (
	arenaChunk = 64 << 10
	arenaKept  = 8 << 20 // bytes kept from one message to the next
)

// take gives n bytes, not cleared.
func (a *arena) take(n int) []byte {
	for ; a.chunk < len(a.chunks); a.chunk, a.used = a.chunk+1, 0 {
		if c := a.chunks[a.chunk]; len(c)-a.used >= n {
			b := c[a.used : a.used+n : a.used+n]
			a.used += n
			return b
		}
		if a.used == 0 { // too small for this: make place for one that is not
			a.chunks = a.chunks[:a.chunk]
			break
		}
	}
	c := make([]byte, max(n, arenaChunk))
	a.chunks = append(a.chunks, c)
	a.used = n
	return c[:n:n]
}

// copyOf gives the bytes of a text.
func (a *arena) copyOf(s string) []byte {
	b := a.take(len(s))
	copy(b, s)
	return b
}

// trim forgets all but what is worth keeping.
func (a *arena) trim() {
	kept := 0
	for i, c := range a.chunks {
		if kept += len(c); kept > arenaKept {
			clear(a.chunks[i:])
			a.chunks = a.chunks[:i]
			break
		}
	}
	a.mark = mark{}
}

// steps gives places for the layers of a location, in the same way.
type steps struct {
	slabs [][]step
	mark
}

const stepSlab = 128

func (s *steps) take() *step {
	if s.chunk < len(s.slabs) && s.used == stepSlab {
		s.chunk, s.used = s.chunk+1, 0
	}
	if s.chunk == len(s.slabs) {
		s.slabs = append(s.slabs, make([]step, stepSlab))
	}
	s.used++
	return &s.slabs[s.chunk][s.used-1]
}
