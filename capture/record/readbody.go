package record

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"github.com/telltale-farm/telltale/capture/flow"
)

// ErrChanged is what reading a body ends with when its bytes are not those that were recorded.
var ErrChanged = errors.New("the stored body is not the recorded one")

// Body opens the stored bytes of a body; nil gives an empty reader. They are checked while they are read: the last Read
// returns ErrChanged in place of io.EOF when length or hash differ.
func (r *Reader) Body(b *flow.Body) (io.ReadCloser, error) {
	if b == nil {
		return io.NopCloser(eof{}), nil
	}
	want, err := hex.DecodeString(b.SHA256)
	if err != nil || len(want) != sha256.Size || hex.EncodeToString(want) != b.SHA256 {
		return nil, fmt.Errorf("opening a body: %.80q is not a sha256 in lower-case hex", b.SHA256)
	}
	f, err := r.fsys.Open(bodiesName + "/" + b.SHA256)
	if err != nil {
		return nil, fmt.Errorf("opening a body: %w", err)
	}
	return &checked{f: f, body: b, hash: sha256.New()}, nil
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

type checked struct {
	f    fs.File
	body *flow.Body
	n    int64
	hash hash.Hash
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.f.Read(p)
	c.n += int64(n)
	if c.n > c.body.Stored {
		return 0, fmt.Errorf("reading body %s: longer than %d bytes: %w", c.body.SHA256, c.body.Stored, ErrChanged)
	}
	c.hash.Write(p[:n])
	if err == io.EOF && (c.n != c.body.Stored || hex.EncodeToString(c.hash.Sum(nil)) != c.body.SHA256) {
		return n, fmt.Errorf("reading body %s: %w", c.body.SHA256, ErrChanged)
	}
	return n, err
}

func (c *checked) Close() error { return c.f.Close() }
