package capture

import (
	"io"
	"sync"
)

// pieces reads a long body while what was read before is being sent. Whatever has come by the time the sender is ready
// is one piece, up to maxPiece: the slower sending is, the less it costs. At most two pieces are held.
type pieces struct {
	slots slots
	full  chan []byte // read, and not yet sent; room before each
	free  chan *[]byte
	stop  chan struct{}
	once  sync.Once
	done  chan struct{}
	err   error // that ended reading, once full is closed
}

// longBody is from what length on a body is read ahead.
const longBody = 128 << 10

// pieceBuffers hold a piece, with room for the framing of a chunk around it.
var pieceBuffers = sync.Pool{New: func() any { b := make([]byte, chunkRoom+maxPiece+2); return &b }}

// slots bounds how many bodies are read ahead at once: more would take memory and save nothing.
type slots chan struct{}

const maxReadAhead = 8

// readAhead begins to read a body; nil when too many are being read ahead already.
func (s slots) readAhead(from io.Reader) *pieces {
	select {
	case s <- struct{}{}:
	default:
		return nil
	}
	p := &pieces{slots: s, full: make(chan []byte), free: make(chan *[]byte, 2), stop: make(chan struct{}), done: make(chan struct{})}
	for range cap(p.free) {
		p.free <- pieceBuffers.Get().(*[]byte)
	}
	go p.read(from)
	return p
}

// read runs until the body ends or nobody wants more.
func (p *pieces) read(from io.Reader) {
	defer func() {
		close(p.full)
		close(p.done)
		<-p.slots
	}()
	for p.err == nil {
		buf := <-p.free
		b, n := (*buf)[chunkRoom:chunkRoom+maxPiece], 0
		for given := false; !given; {
			k, err := from.Read(b[n:])
			n += k
			if p.err = err; n == 0 && err == nil {
				continue
			}
			if n == 0 {
				p.free <- buf
				return
			}
			if given = n == len(b) || err != nil; given {
				select {
				case p.full <- (*buf)[:chunkRoom+n]:
				case <-p.stop:
					return
				}
				continue
			}
			select {
			case p.full <- (*buf)[:chunkRoom+n]:
				given = true
			case <-p.stop:
				return
			default: // the sender is busy: more may join
			}
		}
	}
}

// each gives every piece to send, with chunkRoom bytes before it and two after it within its capacity. It returns the
// first error of sending, else the one that ended reading, nil for the end of the body. The reader may still be
// waiting for a byte after an error of sending; see wait.
func (p *pieces) each(send func([]byte) error) error {
	for b := range p.full {
		err := send(b)
		whole := b[:cap(b)]
		p.free <- &whole
		if err != nil {
			p.quit()
			return err
		}
	}
	p.quit()
	if p.err == io.EOF {
		return nil
	}
	return p.err
}

func (p *pieces) quit() { p.once.Do(func() { close(p.stop) }) }

// wait returns when the reader has ended.
func (p *pieces) wait() {
	<-p.done
	for {
		select {
		case b := <-p.free:
			pieceBuffers.Put(b)
		default:
			return
		}
	}
}
