package decode

import (
	"errors"
)

// binary peels a value that is not text. It says whether something explained it.
//
// Formats that announce themselves come first. Then those that do not: each is read twice, first dry, to see that all
// of the bytes make sense in it, then for show. The raw bytes are shown as well, because a wrong guess at the format must
// not hide what stands there in clear.
func (p *peeler) binary(at *step, data []byte, m mask) bool {
	switch mg := magicOf(data); mg {
	case magicNone, magicOther, magicXZ:
	default:
		if ok, explained := p.decompress(at, data, string(mg)); ok {
			return explained
		}
	}
	p.show(Bytes, at, data, true)
	if p.announced(at, data) || p.wide(at, data) {
		return true
	}
	if len(data) >= minXOR && turnable(data[0]-data[1]) && p.turned(at, data) || m&mHigh != 0 && p.latin1(at, data) || p.guessed(at, data) || m&mHigh != 0 && p.gb18030(at, data) {
		return true
	}
	if len(data) >= minXOR {
		if most := commonestOf(data); p.xored(at, data, most) || p.xoredPacked(at, data, most) {
			return true
		}
	}
	if explained, ok := p.unlabelled(at, data); ok {
		return explained
	}
	if explained, ok := p.inside(at, data, m); ok {
		return explained
	}
	if explained, ok := p.lastTries(at, data); ok {
		return explained
	}
	p.dark(at, data, "")
	return false
}

// announced peels formats with a beginning of their own.
func (p *peeler) announced(at *step, data []byte) bool {
	switch data[0] {
	case '{', '[':
		if p.jsonText(at, trimSpace(data)) {
			return true
		}
	case '-':
		if p.multipart(at, data) {
			return true
		}
	case 0x82, 'L', 'm':
		if p.blocks(at, data) {
			return true
		}
	case 'G':
		if p.upgraded(at, data) {
			return true
		}
	}
	return p.plist(at, data) || p.avroFile(at, data) || p.archive(at, data) || p.tar(at, data) || p.bson(at, data) || p.thriftMessage(at, data) ||
		p.grpcFrames(at, data, "") || p.mqtt(at, data) || p.dns(at, data)
}

// guessed peels formats that only show by making sense from the first byte to the last. More than one may.
func (p *peeler) guessed(at *step, data []byte) bool {
	found := false
	for _, f := range [...]struct {
		op   string
		read func(*walk, []byte) bool
	}{{"msgpack", (*walk).msgpackAll}, {"cbor", (*walk).cborAll}, {"protobuf", (*walk).protobufAll}, {"thrift", (*walk).thriftStruct}} {
		if p.walked(at, data, f.op, f.read) {
			found = true
		}
	}
	return found
}

// formed says whether bytes are in a format that only shows by making sense from the first byte to the last.
// Names and words must show at its beginning: of what is decoded from other letters, or from the wrong one on, few bytes are.
func (p *peeler) formed(data []byte) bool {
	legible := 0
	head := data[:min(len(data), 32)]
	for _, c := range head {
		if textBytes[c] {
			legible++
		}
	}
	if legible*2 < len(head) {
		return false
	}
	for _, read := range [...]func(*walk, []byte) bool{(*walk).msgpackAll, (*walk).cborAll, (*walk).protobufAll} {
		p.dry = walk{p: p, dry: true}
		if read(&p.dry, data) && p.dry.text*2 >= len(data) {
			return true
		}
	}
	return false
}

// tryAgain gives a walk for a dry reading beside the one that is tried; none is tried inside it.
func (p *peeler) tryAgain() *walk {
	p.dryAgain = walk{p: p, dry: true}
	return &p.dryAgain
}

// walked reads data in one format, dry and then for show.
func (p *peeler) walked(at *step, data []byte, op string, read func(*walk, []byte) bool) bool {
	dry := &p.dry
	*dry = walk{p: p, dry: true}
	if !read(dry, data) || !dry.sound(len(data)) || !p.enter() {
		return false
	}
	w := walk{p: p}
	w.step = p.mk(step{up: at, op: op, path: &w.path})
	read(&w, data)
	p.leave()
	return true
}

// decompress peels a compressed stream and what follows it.
func (p *peeler) decompress(at *step, data []byte, name string) (ok, explained bool) {
	out, err := p.inflate(name, data)
	if errors.Is(err, errNotThis) || err != nil && len(out) == 0 {
		return false, false
	}
	explained = p.child(p.mk(step{up: at, op: name}), out)
	if broken(err) {
		return false, false // what follows the break was not read: the bytes are looked at in other ways, and told
	}
	var rest trailing
	if errors.As(err, &rest) {
		if !p.child(p.mk(step{up: at, place: "@", n: len(data) - rest.n}), data[len(data)-rest.n:]) && rest.n > quietBody {
			explained = false
		}
	}
	return true, explained
}
