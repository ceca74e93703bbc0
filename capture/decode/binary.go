package decode

import (
	"errors"
	"strconv"
)

// binary peels a value that is not text. It says whether something explained it.
func (p *peeler) binary(at *step, data []byte, m mask) bool {
	switch mg := magicOf(data); mg {
	case magicNone, magicOther, magicXZ:
	default:
		if ok, explained := p.decompress(at, data, string(mg)); ok {
			return explained
		}
	}
	p.show(Bytes, at, data, true)
	p.dark(at, data, "unknown: binary")
	return false
}

// decompress peels a compressed stream and what follows it.
func (p *peeler) decompress(at *step, data []byte, name string) (ok, explained bool) {
	out, err := p.inflate(name, data)
	if errors.Is(err, errNotThis) || err != nil && len(out) == 0 {
		return false, false
	}
	explained = p.child(&step{up: at, op: name}, out)
	var rest trailing
	if errors.As(err, &rest) {
		p.child(&step{up: at, place: "@" + strconv.Itoa(len(data)-rest.n)}, data[len(data)-rest.n:])
	}
	return true, explained
}

func (p *peeler) latin1(at *step, t []byte)                {}
func (p *peeler) grpc(at *step, data []byte, h hints) bool { return false }
