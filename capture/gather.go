package capture

import (
	"net"
	"sync"
)

// gather is below a TLS connection, and joins the records of one long write into one write to the socket: crypto/tls
// makes one for each 16 KiB, and a write costs the kernel on both sides about as much for 64 KiB as for 16.
type gather struct {
	net.Conn
	mu   sync.Mutex
	open bool
	buf  *[]byte
}

// longWrite is from what length on a write is worth gathering: more than one TLS record.
const longWrite = 16<<10 + 1

// maxPiece is the most that is sent in one write.
const maxPiece = 64 << 10

// gathered holds a piece and what TLS adds to its records.
var gathered = sync.Pool{New: func() any { b := make([]byte, 0, maxPiece+1024); return &b }}

func (g *gather) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		*g.buf = append(*g.buf, p...)
		return len(p), nil
	}
	return g.Conn.Write(p)
}

func (g *gather) CloseWrite() error { return closeWrite(g.Conn) }

// send writes p to above, which is the TLS connection over g.
func (g *gather) send(above net.Conn, p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		piece := p[:min(len(p), maxPiece)]
		p = p[len(piece):]
		g.mu.Lock()
		g.open, g.buf = true, gathered.Get().(*[]byte)
		g.mu.Unlock()
		var k int
		k, err = above.Write(piece)
		g.mu.Lock()
		if _, werr := g.Conn.Write(*g.buf); err == nil && werr != nil {
			k, err = 0, werr
		}
		*g.buf = (*g.buf)[:0]
		gathered.Put(g.buf)
		g.open, g.buf = false, nil
		g.mu.Unlock()
		n += k
	}
	return n, err
}
