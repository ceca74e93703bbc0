package adbd

import (
	"bytes"
	"io"
	"testing"
	"testing/fstest"
)

func FuzzReadPacket(f *testing.F) {
	for _, p := range []packet{
		{cmd: cmdCNXN, arg0: versionNow, arg1: 1 << 20, data: []byte("host::features=shell_v2")},
		{cmd: cmdOPEN, arg0: 1, data: []byte("sync:\x00")},
		{cmd: cmdWRTE, arg0: 1, arg1: 2, data: make([]byte, 300)},
		{cmd: cmdCLSE, arg1: 2},
	} {
		h := p.header(true)
		f.Add(append(h[:], p.data...))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		for {
			before := r.Len()
			p, err := readPacket(r, 512)
			if err != nil {
				return
			}
			if len(p.data) > maxHandshake {
				t.Fatalf("%d bytes in one packet", len(p.data))
			}
			h := p.header(p.sum != 0)
			if got := append(h[:], p.data...); !bytes.Equal(got, in[len(in)-before:len(in)-r.Len()]) {
				t.Fatalf("encoded again: %x, read %x", got, in[len(in)-before:len(in)-r.Len()])
			}
		}
	})
}

// sinkOf collects stdin.
type sinkOf struct {
	bytes.Buffer
	ended int
}

func (s *sinkOf) input(p []byte) { s.Write(p) }
func (s *sinkOf) end()           { s.ended++ }
func (s *sinkOf) stop()          {}

func FuzzDemux(f *testing.F) {
	f.Add([]byte("\x00\x06\x00\x00\x00piped\n\x04\x00\x00\x00\x00"))
	f.Add([]byte("\x05\x08\x00\x00\x000x0,0x0\x00"))
	f.Add([]byte("\x00\xff\xff\xff\xffendless"))
	f.Add([]byte("\x05\xff\xff\xff\x7f1"))
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, single := new(sinkOf), new(sinkOf)
		window := func(rows, cols int) {
			if rows < 0 || rows > 0xffff || cols < 0 || cols > 0xffff {
				t.Fatalf("window %dx%d", rows, cols)
			}
		}
		err := demux(bytes.NewReader(in), whole, window)
		if err == nil {
			t.Fatal("ended without an error")
		}
		// How WRTEs cut the stream must not matter.
		demux(oneByte{bytes.NewReader(in)}, single, window)
		if !bytes.Equal(whole.Bytes(), single.Bytes()) || whole.ended != single.ended || whole.Len() > len(in) || whole.ended > 1 {
			t.Fatalf("%q/%d and %q/%d", whole.Bytes(), whole.ended, single.Bytes(), single.ended)
		}
	})
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

// duplex is a stream whose input is fixed.
type duplex struct {
	io.Reader
	out bytes.Buffer
}

func (d *duplex) Write(p []byte) (int, error) { return d.out.Write(p) }

func FuzzSync(f *testing.F) {
	f.Add([]byte("STA2\x02\x00\x00\x00/aRECV\x02\x00\x00\x00/aLIS2\x01\x00\x00\x00/QUIT\x00\x00\x00\x00"))
	f.Add([]byte("SEND\x08\x00\x00\x00/b,33188DATA\x03\x00\x00\x00xyzDONE\x01\x00\x00\x00STAT\x02\x00\x00\x00/b"))
	f.Add([]byte("SEND\x0f\x00\x00\x00/denied/b,33188DATA\xff\xff\xff\xff"))
	f.Add([]byte("LIST\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		files := &toyFiles{m: fstest.MapFS{"a": {Data: []byte("content")}}}
		rw := &duplex{Reader: bytes.NewReader(in)}
		if err := newSyncSession(files, DefaultFeatures(), rw).serve(); err == nil && !bytes.Contains(in, []byte("QUIT")) {
			t.Fatal("ended without QUIT or an error")
		}
		// A listing is the largest answer: about 80 bytes an entry, three entries and one for each file pushed, per
		// request of 9 bytes or more.
		if n := (len(in)/9 + 1) * (len(in)/9 + 4) * 400; rw.out.Len() > n+4096 {
			t.Fatalf("%d bytes answered to %d", rw.out.Len(), len(in))
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add("QAAAAA== user@host\x00")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := parseKey(text); err == nil && (k.pub == nil || k.pub.N.BitLen() != 2048) {
			t.Fatalf("%+v", k)
		}
	})
}

func FuzzReverseRequest(f *testing.F) {
	for _, r := range []string{"forward:tcp:8080;tcp:18888", "forward:norebind:tcp:0;tcp:1", "list-forward", "killforward:tcp:1", "killforward-all", "forward:;"} {
		f.Add(r)
	}
	f.Fuzz(func(t *testing.T, request string) {
		l := &link{ctx: t.Context(), s: New(Options{Device: newToy(), Limits: Limits{Reverses: 2}}), reverse: map[int]string{8080: "tcp:18888"}}
		l.reverseRequest(request)
		for port, target := range l.reverse {
			if port < 1 || port > 0xffff || !validTarget(target) || len(l.reverse) > 2 {
				t.Fatalf("%q left %v", request, l.reverse)
			}
		}
	})
}
