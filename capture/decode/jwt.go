package decode

import "bytes"

// jwt peels a JSON web token that a text holds: header and claims; the signature is bytes that say nothing. Of an encrypted
// token (five parts) only the header can be read. Ok says that there is one.
func (p *peeler) jwt(at *step, t []byte) (explained, ok bool) {
	i := bytes.Index(t, []byte("eyJ"))
	if i < 0 || i > 64 {
		return false, false
	}
	end := i
	for end < len(t) && (classes[t[end]]&(mAlnum|mMinus|mUnder|mDot) != 0) {
		end++
	}
	parts := bytes.Split(t[i:end], []byte{'.'})
	if len(parts) != 3 && len(parts) != 5 || !p.enter() {
		return false, false
	}
	defer p.leave()
	head := make([]byte, len(parts[0]))
	n, _ := unbase64(head, parts[0])
	if head = head[:n]; !bytes.Contains(head, []byte(`"alg"`)) {
		return false, false
	}
	s := p.mk(step{up: at, op: "jwt"})
	p.child(s, head)
	if len(parts) == 5 {
		p.dark(s, parts[3], "encrypted: jwe")
		return false, true
	}
	claims := make([]byte, len(parts[1]))
	n, _ = unbase64(claims, parts[1])
	explained = p.child(s, claims[:n])
	sig := make([]byte, len(parts[2]))
	n, _ = unbase64(sig, parts[2])
	p.show(Bytes, s, sig[:n], false)
	if rest := t[end:]; len(rest) > 0 {
		found, dark := p.runs(at, rest)
		explained = explained && (found || !dark)
	}
	return explained, true
}
