package decode

import (
	"archive/zip"
	"bytes"
	"io"
)

// maxFiles is how many files of an archive are looked into.
const maxFiles = 1024

// archive peels a zip file: crash reports and logs are sent so.
func (p *peeler) archive(at *step, data []byte) bool {
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return false
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || !p.enter() {
		return false
	}
	defer p.leave()
	for i, f := range z.File {
		if p.stop {
			break
		}
		if i >= maxFiles {
			p.hit.nodes = true
			break
		}
		s := p.mk(step{up: at, op: "zip", detail: f.Name})
		p.show(Text, s, []byte(f.Name), false)
		p.zipped(s, f)
	}
	return true
}

func (p *peeler) zipped(at *step, f *zip.File) {
	if f.FileInfo().IsDir() {
		return
	}
	r, err := f.Open()
	if err != nil {
		if raw, err := f.OpenRaw(); err == nil { // encrypted, or a method nobody uses
			b, _ := io.ReadAll(io.LimitReader(raw, 1<<20))
			p.unread = nil
			p.dark(at, b, "encrypted: zip")
			p.opaque(at, b)
		}
		return
	}
	defer r.Close()
	out, _ := p.drain(r, int(min(f.CompressedSize64, 1<<30)))
	p.leaf(at, out)
}
