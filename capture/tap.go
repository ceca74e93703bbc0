package capture

import "sync"

// tap follows the bytes of an HTTP/1 connection from the phone, so that heads can be recorded as they were sent:
// net/http keeps neither the order nor the case of header names. It knows as much framing as it needs to find the next
// head. Bytes that never became a request are kept too, up to a bound.
type tap struct {
	mu    sync.Mutex
	off   bool   // not HTTP/1 any more: CONNECT, an upgrade, or framing we lost
	state int    //
	cur   []byte // of a head that is not whole yet
	total int64  // bytes of cur, also those not kept
	limit int    // bytes kept in cur
	skip  int64  // of the body, or of a chunk
	line  []byte // a chunk's size line, or one of a trailer, so far
	notes *chunkNotes
	heads []head // whole heads that no handler has taken yet
}

const (
	tapHead = iota
	tapBody
	tapChunkSize
	tapChunkData
	tapChunkEnd
	tapTrailer
	tapBroken // the chunks broke off: net/http gives up here as well
)

// after says what follows a body or a chunk's data.
var after = [...]int{tapBody: tapHead, tapChunkData: tapChunkEnd}

// maxTapHeads bounds pipelining: net/http reads 4 KiB ahead at most.
const maxTapHeads = 1024

// feed takes the next bytes read from the phone.
func (t *tap) feed(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(p) > 0 && !t.off {
		switch t.state {
		case tapHead:
			p = t.head(p)
		case tapBody, tapChunkData:
			n := min(int64(len(p)), t.skip)
			p = p[n:]
			if t.skip -= n; t.skip == 0 {
				t.state = after[t.state]
			}
		case tapChunkEnd:
			if p[0] == '\n' {
				t.state = tapChunkSize
			}
			p = p[1:]
		case tapBroken:
			t.keep(p)
			return
		default:
			p = t.chunkLine(p)
		}
	}
}

func (t *tap) head(p []byte) []byte {
	if len(t.cur) == 0 {
		if end := headEnd(p, 0); end >= 0 {
			t.whole(string(p[:end]))
			return p[end:]
		}
	}
	before := len(t.cur)
	t.keep(p)
	end := headEnd(t.cur, before-3)
	if end < 0 {
		return nil
	}
	t.whole(string(t.cur[:end]))
	t.cur, t.total = t.cur[:0], 0
	return p[end-before:]
}

// keep holds bytes that have become nothing yet, up to the limit.
func (t *tap) keep(p []byte) {
	t.cur = append(t.cur, p[:min(len(p), max(0, t.limit-len(t.cur)))]...)
	t.total += int64(len(p))
}

func (t *tap) whole(raw string) {
	h := parseHead(raw)
	if len(t.heads) >= maxTapHeads {
		t.off = true
		return
	}
	if h.chunked {
		t.notes = &chunkNotes{}
		h.notes = t.notes
	}
	t.heads = append(t.heads, h)
	switch {
	case h.method == "CONNECT":
		t.off = true
	case h.chunked:
		t.state = tapChunkSize
	case h.length > 0:
		t.state, t.skip = tapBody, h.length
	}
}

// maxChunkLine is net/http's own bound.
const maxChunkLine = 4096

// chunkLine reads a size line or a trailer line.
func (t *tap) chunkLine(p []byte) []byte {
	for i, c := range p {
		if c != '\n' {
			if t.line = append(t.line, c); len(t.line) > maxChunkLine {
				t.broken()
				return p[i+1:]
			}
			continue
		}
		line := t.line
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		if t.state == tapTrailer {
			if t.line = t.line[:0]; len(line) == 0 {
				t.state = tapHead
			} else {
				t.notes.trailer(line)
			}
			return p[i+1:]
		}
		size, digits, ok := chunkSize(line)
		if !ok {
			t.line = append(t.line, '\n')
			t.broken()
			return p[i+1:]
		}
		t.notes.extension(line[digits:])
		t.line = t.line[:0]
		if t.state, t.skip = tapChunkData, size; size == 0 {
			t.state = tapTrailer
		}
		return p[i+1:]
	}
	return nil
}

// broken keeps a line that is none, and all that follows it.
func (t *tap) broken() {
	t.state = tapBroken
	t.keep(t.line)
	t.line = nil
}

// chunkSize reads the size at the front of a line, and says how many digits it has.
func chunkSize(line []byte) (n int64, digits int, ok bool) {
	for _, c := range line {
		var d byte
		switch {
		case c >= '0' && c <= '9':
			d = c - '0'
		case c >= 'a' && c <= 'f':
			d = c - 'a' + 10
		case c >= 'A' && c <= 'F':
			d = c - 'A' + 10
		default: // an extension, or space
			return n, digits, digits > 0
		}
		if digits++; digits > 16 || n >= 1<<59 {
			return 0, digits, false
		}
		n = n<<4 | int64(d)
	}
	return n, digits, digits > 0
}

// take gives the head of the request that net/http parsed as method and target; ok is false when we did not see it so.
func (t *tap) take(method, target string) (h head, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.heads) == 0 {
		return head{}, false
	}
	h = t.heads[0]
	if t.heads = t.heads[1:]; len(t.heads) == 0 {
		t.heads = nil
	}
	if h.method != method || h.target != target {
		t.off, t.heads = true, nil
		return head{}, false
	}
	return h, true
}

// stop ends the tap: from here the connection is no longer HTTP/1.
func (t *tap) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.off, t.heads, t.cur, t.line, t.total = true, nil, nil, nil, 0
}

// rest gives the bytes that never became a request, and how many they were.
func (t *tap) rest() (b []byte, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, h := range t.heads {
		b = append(b, h.raw...)
	}
	total = int64(len(b)+len(t.line)) + t.total
	b = append(append(b, t.cur...), t.line...) // a line of chunks that broke off belongs to a request, and yet to nothing of it
	t.heads, t.cur, t.line, t.total = nil, nil, nil, 0
	return b, total
}
