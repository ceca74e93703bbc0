package record

import (
	"crypto/sha256"
	"sync"
)

// buffers holds the memory of finished bodies. Only buffers of one writer's size class come back: any that holds at
// least what is asked for will do.
var buffers = sync.Pool{}

// hashes holds the SHA-256 states of finished bodies, reset.
var hashes = sync.Pool{New: func() any { return sha256.New() }}

func getBuf(size int) []byte {
	if p, ok := buffers.Get().(*[]byte); ok && cap(*p) >= size {
		return (*p)[:0]
	}
	return make([]byte, 0, size)
}

func putBuf(b []byte) {
	if cap(b) > 0 {
		b = b[:0]
		buffers.Put(&b)
	}
}
