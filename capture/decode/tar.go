package decode

import "bytes"

// tarBlock is the size of a header of tar, and of what the files in it are filled up to.
const tarBlock = 512

// tar peels the files of an archive of POSIX (IEEE 1003.1, ustar): logs are sent so. What GNU and others add before a
// file, a long name for one, are files of it too.
func (p *peeler) tar(at *step, data []byte) bool {
	if len(data) < tarBlock || string(data[257:262]) != "ustar" || !p.enter() {
		return false
	}
	defer p.leave()
	for n := 0; len(data) >= tarBlock && string(data[257:262]) == "ustar" && !p.stop; n++ {
		if n >= maxFiles {
			p.hit.nodes = true
			break
		}
		name, _, _ := bytes.Cut(data[:100], []byte{0})
		size := 0
		for _, c := range data[124:135] {
			if c >= '0' && c <= '7' {
				size = size<<3 | int(c-'0')
			}
		}
		file := data[tarBlock:]
		s := p.mk(step{up: at, op: "tar", detail: string(name)})
		p.show(Text, s, name, false)
		p.leaf(s, file[:min(size, len(file))])
		data = file[min((size+tarBlock-1)/tarBlock*tarBlock, len(file)):]
	}
	if rest := bytes.Trim(data, "\x00"); len(rest) > 0 {
		p.leaf(p.mk(step{up: at, op: "tar"}), rest)
	}
	return true
}
