package record_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// noise gives n bytes that no other seed gives.
func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return b
}

// put writes a body in pieces, and says what the record says of it.
func put(b *record.BodyWriter, sent []byte, piece int) *flow.Body {
	for at := 0; at < len(sent); at += piece {
		_, _ = b.Write(sent[at:min(at+piece, len(sent))])
	}
	return b.Finish(false)
}

// is checks what the record says of a body, and what it stored.
func is(t *testing.T, dir string, got *flow.Body, sent []byte, most int, hashed bool) {
	t.Helper()
	stored := sent[:min(len(sent), most)]
	sum := func(p []byte) string { s := sha256.Sum256(p); return hex.EncodeToString(s[:]) }
	want := flow.Body{SHA256: sum(stored), Size: int64(len(sent)), Stored: int64(len(stored)), Truncated: len(stored) < len(sent)}
	if want.Truncated && hashed {
		want.Full = sum(sent)
	}
	if got == nil || *got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	r, err := record.Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Body(got)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || !bytes.Equal(b, stored) {
		t.Fatalf("%d of %d bytes are stored: %v", len(b), len(stored), err)
	}
}

// TestTheSameBodyAgain: a body that is stored is neither hashed nor written again, and one that only begins like it is.
func TestTheSameBodyAgain(t *testing.T) {
	const memory, most = 64, 1000
	first := noise(1, 500)
	with := func(at int, more ...byte) []byte { return append(bytes.Clone(first[:at]), more...) }
	for _, c := range []struct {
		name  string
		sent  []byte
		files int64 // begun beside that of the first
	}{
		{"the same", first, 0},
		{"one byte less", first[:499], 1},
		{"one byte more", with(500, 1), 1},
		{"another last byte", with(499, first[499]^1), 1},
		{"another first byte", append([]byte{first[0] ^ 1}, first[1:]...), 1},
		{"another byte past the memory", append(with(memory, first[memory]^1), first[memory+1:]...), 1},
		{"no more than the memory", first[:memory], 1},
		{"a little more than the memory", first[:memory+1], 1},
		{"over the cap", append(bytes.Clone(first), noise(2, most)...), 1},
	} {
		for _, piece := range []int{1, memory - 1, memory, memory + 1, 3*memory + 1, 1 << 20} {
			w, dir := create(t, record.Limits{BodyCap: most, Memory: memory})
			is(t, dir, put(w.NewBody(), first, piece), first, most, true)
			before := w.Files()
			is(t, dir, put(w.NewBody(), c.sent, piece), c.sent, most, true)
			if files := w.Files() - before; files != c.files {
				t.Errorf("%s in pieces of %d: %d files were begun", c.name, piece, files)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestTheSameReplyAgain: of what is over the cap of a reply nothing is hashed, so that the stored part may be known.
func TestTheSameReplyAgain(t *testing.T) {
	w, dir := create(t, record.Limits{ReplyCap: 200, Memory: 64})
	sent := noise(1, 500)
	is(t, dir, put(w.NewReply(), sent, 70), sent, 200, false)
	before := w.Files()
	again := w.NewReply()
	for at := 0; at < len(sent); at += 50 {
		_, _ = again.Write(sent[at : at+50])
		if s := again.Snapshot(); at >= 200 && s != nil && s.SHA256 == "" {
			t.Errorf("%+v", s)
		}
	}
	is(t, dir, again.Finish(false), sent, 200, false)
	quiet := put(w.NewReply(), append(bytes.Clone(sent), 1), 70)
	is(t, dir, quiet, append(bytes.Clone(sent), 1), 200, false)
	other := append(bytes.Clone(sent[:199]), noise(3, 50)...)
	is(t, dir, put(w.NewReply(), other, 70), other, 200, false)
	if files := w.Files() - before; files == 0 {
		t.Error("the other was not stored")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// TestADamagedBodyIsNoTwin: what is on the disk is what a body is compared with, not what is believed to be there.
func TestADamagedBodyIsNoTwin(t *testing.T) {
	first := noise(1, 500)
	for name, damage := range map[string]func(path string) error{
		"gone":        os.Remove,
		"cut":         func(p string) error { return os.Truncate(p, 300) },
		"longer":      func(p string) error { return os.Truncate(p, 501) },
		"overwritten": func(p string) error { return os.WriteFile(p, append(bytes.Clone(first[:499]), first[499]^1), 0o600) },
	} {
		w, dir := create(t, record.Limits{Memory: 64})
		b := put(w.NewBody(), first, 70)
		path := filepath.Join(dir, "bodies", b.SHA256)
		if err := damage(path); err != nil {
			t.Fatal(err)
		}
		before := w.Files()
		again := put(w.NewBody(), first, 70)
		if again == nil || again.SHA256 != b.SHA256 || again.Size != b.Size {
			t.Errorf("%s: %+v", name, again)
		}
		if w.Files() == before {
			t.Errorf("%s: it was taken for the same", name)
		}
		_ = w.Close()
	}
}

// TestBodiesAlike writes many bodies that share beginnings, and snapshots of them, against what they are.
func TestBodiesAlike(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		limits := record.Limits{Memory: 1 + rnd.IntN(40), BodyCap: int64(1 + rnd.IntN(300)), ReplyCap: int64(1 + rnd.IntN(300))}
		w, dir := create(t, limits)
		root := noise(7, 300)
		for range 12 {
			at := rnd.IntN(len(root))
			sent := append(bytes.Clone(root[:at]), noise(uint64(rnd.IntN(3)), rnd.IntN(60))...)
			b, most, hashed := w.NewBody(), limits.BodyCap, true
			if rnd.IntN(2) == 0 {
				b, most, hashed = w.NewReply(), limits.ReplyCap, false
			}
			if len(sent) == 0 {
				continue
			}
			for left := sent; len(left) > 0; {
				n := 1 + rnd.IntN(len(left))
				_, _ = b.Write(left[:n])
				left = left[n:]
				if rnd.IntN(8) == 0 {
					if s := b.Snapshot(); s != nil {
						s.Partial = false
						is(t, dir, s, sent[:len(sent)-len(left)], int(most), hashed)
					}
				}
			}
			is(t, dir, b.Finish(false), sent, int(most), hashed)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
