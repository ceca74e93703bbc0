package record

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/capture/flow"
)

// latin1 undoes what mitmproxy does to a body whose charset it does not know: every byte became the character of that
// number. The tool also gives the number of bytes; when that is the number of characters, and not the length of the
// text, the bytes are known.
func latin1(text []byte, size int64) (body []byte, ok bool) {
	if size <= 0 || int64(len(text)) == size || int64(utf8.RuneCount(text)) != size {
		return nil, false
	}
	body = make([]byte, 0, size)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r > 0xff || r == utf8.RuneError {
			return nil, false
		}
		body = append(body, byte(r))
		text = text[n:]
	}
	return body, true
}

// tlsError reads one of log._tlsErrors, in which HTTP Toolkit lists the handshakes that came to nothing.
func (h *harReader) tlsError() error {
	u := HARUnread{Kind: flow.KindTunnel, Class: string(flow.ClassClosedEarly)}
	h.scan.begin()
	err := h.scan.object(func(name string) error {
		var t []byte
		var err error
		switch name {
		case "hostname":
			t, err = h.scan.optText()
			u.Host = string(t)
		case "cause":
			switch t, err = h.scan.optText(); string(t) {
			case "cert-rejected":
				u.Class = string(flow.ClassUntrustedCA)
			case "no-shared-cipher":
				u.Class = string(flow.ClassMismatch)
			}
		default:
			err = h.scan.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if !h.yield(HAREntry{Index: -1, Unread: &u}, nil) {
		return errStop
	}
	return nil
}

func unbase64(t []byte) ([]byte, bool) {
	out := make([]byte, len(t)) // unpadded base64 is longer than StdEncoding.DecodedLen knows
	n, err := base64.StdEncoding.Decode(out, t)
	if err != nil {
		if n, err = base64.RawStdEncoding.Decode(out, t); err != nil {
			return nil, false
		}
	}
	return out[:n], true
}
