package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
)

// ReadHAR gives the entries of a HAR 1.2 one after the other, holding one at a time. It reads what mitmproxy, Chrome,
// PCAPdroid, HTTP Toolkit, and WriteHAR write; binary bodies from postData.text with encoding base64, from
// postData._bodyBase64 and from _content. Tunnels that WriteHAR lists as unread come as entries, too. The last pair has an error if the file is no HAR or ends too soon.
func ReadHAR(r io.Reader, limits HARLimits) iter.Seq2[HAREntry, error] {
	limits = limits.withDefaults()
	return func(yield func(HAREntry, error) bool) {
		h := harReader{scan: newHARScan(r, limits.Text), limits: limits, yield: yield}
		err := h.file()
		if err != nil && err != errStop {
			yield(HAREntry{Index: h.index}, fmt.Errorf("reading a HAR, entry %d: %w", h.index, err))
		}
	}
}

type harStop struct{}

func (harStop) Error() string { return "stopped" }

// errStop ends the reading when the caller wants no more.
var errStop error = harStop{}

type harReader struct {
	scan   *harScan
	limits HARLimits
	yield  func(HAREntry, error) bool
	index  int
	found  bool
	size   int64 // of the request's body, as its entry says; -1 is unknown
}

func (h *harReader) file() error {
	if c, err := h.scan.peek(); err != nil || c != '{' {
		if err == nil {
			err = fmt.Errorf("want an object, got %q", c)
		}
		return err
	}
	err := h.scan.object(func(name string) error {
		if name != "log" {
			return h.scan.skip()
		}
		return h.scan.object(func(name string) error {
			switch name {
			case "entries":
				c, err := h.scan.peek()
				h.found = h.found || err == nil && c == '['
				return h.scan.array(h.entry)
			case "_telltale":
				return h.own()
			case "_tlsErrors":
				return h.scan.array(h.tlsError)
			}
			return h.scan.skip()
		})
	})
	if err == nil && !h.found {
		return fmt.Errorf("there is no log.entries: this is no HAR")
	}
	if err == nil && !h.scan.ended() {
		return fmt.Errorf("there is more behind the HAR, which was not looked at")
	}
	return err
}

func (h *harReader) entry() error {
	e := HAREntry{Index: h.index}
	h.size = -1
	open, ours := false, false
	h.scan.begin()
	once := firsts{}
	err := h.scan.object(func(name string) error {
		if once.again(name) {
			e.BodyCut = true // of two requests the second is here
		}
		switch name {
		case "time":
			var err error
			open, err = h.minusOne()
			return err
		case "comment":
			t, err := h.scan.optText()
			e.Comment = string(t)
			return err
		case "_telltale":
			ours = true
			return h.ownEntry(&e.Class)
		case "request":
			return h.request(&e)
		case "_webSocketMessages":
			return h.messages(&e)
		}
		return h.scan.skip()
	})
	if err != nil {
		return err
	}
	if ours && open && bodyToCome(&e) || !ours && h.lacks(&e) || h.scan.short {
		e.BodyCut = true
	}
	if !ours && e.Method == http.MethodConnect && e.Class == "" {
		e.Class = string(flow.ClassPassed)
	}
	h.index++
	if !h.yield(e, nil) {
		return errStop
	}
	return nil
}

// harBody is what an entry says of its body in one place or another.
type harBody struct {
	size     int64
	text     []byte
	textCut  bool
	hasText  bool
	encoding string
	exact    []byte // from _bodyBase64 or _content
	hasExact bool
	lost     bool // the tool says that it dropped the body
	params   [][2]string
	sum      string // sha256 of the bytes, hex, from tools that give it
}

func (h *harReader) request(e *HAREntry) error {
	b := harBody{size: -1}
	var cookies, query harBody
	once := firsts{}
	err := h.scan.object(func(name string) error {
		e.BodyCut = once.again(name) || e.BodyCut
		var err error
		var t []byte
		switch name {
		case "method":
			t, err = h.scan.optText()
			e.Method = string(t)
		case "url":
			t, err = h.scan.optText()
			e.URL = string(t)
		case "headers":
			err = h.headers(e, &e.Headers)
		case "_trailers":
			err = h.headers(e, &e.Trailers)
		case "cookies":
			err = h.params(&cookies)
		case "queryString":
			err = h.params(&query)
		case "bodySize":
			b.size, err = h.scan.integer()
		case "postData", "_content":
			err = h.postData(&b)
		case "_requestBodyStatus":
			t, err = h.scan.optText()
			b.lost = b.lost || strings.HasPrefix(string(t), "discarded")
		default:
			err = h.scan.skip()
		}
		return err
	})
	if err == nil {
		body, cut := b.bytes()
		e.Body, e.BodyCut, h.size = body, e.BodyCut || cut, b.size
		e.onlyParsed(&cookies, &query)
	}
	return err
}

func (h *harReader) headers(e *HAREntry, into *[]flow.Header) error {
	return h.scan.array(func() error {
		var hd flow.Header
		var exact []byte
		err := h.scan.object(func(name string) error {
			var err error
			var t []byte
			switch name {
			case "name":
				t, err = h.scan.optText()
				hd.Name = string(t)
			case "value":
				t, err = h.scan.optText()
				if exact == nil {
					hd.Value = string(t)
				}
			case "_base64":
				t, err = h.scan.optText()
				if out, ok := unbase64(t); ok && len(out) > 0 {
					exact, hd.Value = out, string(out)
				}
			default:
				err = h.scan.skip()
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(*into) >= h.limits.Headers {
			e.BodyCut = true
			return nil
		}
		if hd.Name != "" || hd.Value != "" {
			*into = append(*into, hd)
		}
		return nil
	})
}

func (h *harReader) postData(b *harBody) error {
	once := firsts{}
	return h.scan.object(func(name string) error {
		var err error
		b.lost = once.again(name) || b.lost
		switch name {
		case "text":
			h.scan.cut = false
			b.text, err = h.scan.optText()
			b.textCut, b.hasText = h.scan.cut, true
		case "encoding":
			var t []byte
			t, err = h.scan.optText()
			b.encoding = string(t)
		case "_bodyBase64":
			h.scan.cut = false
			var t []byte
			if t, err = h.scan.optText(); err == nil && len(t) > 0 {
				b.exact, b.hasExact = unbase64(t)
				b.textCut, b.lost = h.scan.cut, b.lost || !b.hasExact
			}
		case "params":
			err = h.params(b)
		case "_truncated", "_missing":
			var yes bool
			yes, err = h.scan.truthy()
			b.lost = b.lost || yes
		case "_sha256":
			var t []byte
			t, err = h.scan.optText()
			b.sum = string(t)
		default:
			err = h.scan.skip()
		}
		return err
	})
}

func (h *harReader) params(b *harBody) error {
	return h.scan.array(func() error {
		var p [2]string
		file := ""
		err := h.scan.object(func(name string) error {
			t, err := []byte(nil), error(nil)
			switch name {
			case "fileName":
				t, err = h.scan.optText()
				file = string(t)
			case "name":
				t, err = h.scan.optText()
				p[0] = string(t)
			case "value":
				t, err = h.scan.optText()
				p[1] = string(t)
			default:
				err = h.scan.skip()
			}
			return err
		})
		b.lost = b.lost || len(b.params) >= h.limits.Headers || file != "" && p[1] == "" // the file itself is not here
		if err == nil && len(b.params) < h.limits.Headers {
			b.params = append(b.params, p)
			if file != "" {
				b.params = append(b.params, [2]string{"filename", file})
			}
		}
		return err
	})
}

// bytes is the body by the best account there is, and whether it is known not to be all of it.
func (b *harBody) bytes() (body []byte, cut bool) {
	switch {
	case b.hasExact:
		return b.exact, b.textCut || b.lost
	case b.encoding == "base64":
		if out, ok := unbase64(b.text); ok {
			return out, b.textCut || b.lost
		}
		return b.text, true
	case b.encoding != "" && !strings.EqualFold(b.encoding, "utf-8") && !strings.EqualFold(b.encoding, "utf8"):
		return b.text, true // in a way that we do not know
	case b.hasText && len(b.text) > 0:
		if body, ok := latin1(b.text, b.size); ok {
			return body, b.textCut || b.lost
		}
		// Tools that hold bodies as text replace what is not UTF-8: then bytes are lost.
		return b.text, b.textCut || b.lost || bytes.Contains(b.text, []byte("\ufffd")) && !b.whole()
	case len(b.params) > 0:
		form := make([]string, 0, len(b.params))
		for _, p := range b.params {
			form = append(form, escapeOnce(p[0])+"="+escapeOnce(p[1]))
		}
		return []byte(strings.Join(form, "&")), b.lost
	}
	return nil, b.lost || b.size > 0
}

// whole says whether the text is known to be the body byte for byte.
func (b *harBody) whole() bool {
	if b.sum == "" {
		return false
	}
	sum := sha256.Sum256(b.text)
	return strings.EqualFold(b.sum, hex.EncodeToString(sum[:]))
}

// escapeOnce escapes a form parameter, unless the tool left it escaped.
func escapeOnce(s string) string {
	if strings.ContainsAny(s, "%+") {
		return s
	}
	return url.QueryEscape(s)
}

func (h *harReader) messages(e *HAREntry) error {
	i := -1
	return h.scan.array(func() error {
		i++
		m := HARMessage{Index: i}
		received, encoded := false, false
		err := h.scan.object(func(name string) error {
			var err error
			var t []byte
			switch name {
			case "type":
				t, err = h.scan.optText()
				switch string(t) { // a word that is not known may be a tool's own for "sent"
				case "receive", "received", "response", "incoming", "error":
					received = true
				}
			case "opcode":
				var n int64
				n, err = h.scan.integer()
				m.Opcode = int(n)
			case "data":
				h.scan.cut = false
				m.Data, err = h.scan.optText()
				m.Cut = m.Cut || h.scan.cut
			case "_encoding":
				var t []byte
				t, err = h.scan.optText()
				encoded = string(t) == "base64"
			case "_truncated", "_missing":
				var yes bool
				yes, err = h.scan.truthy()
				m.Cut = m.Cut || yes
			default:
				err = h.scan.skip()
			}
			return err
		})
		if err != nil || received {
			return err
		}
		if m.Opcode == 2 || encoded {
			if out, ok := unbase64(m.Data); ok {
				m.Data = out
			} else if encoded || bytes.Contains(m.Data, []byte("\ufffd")) {
				m.Cut = true
			}
		}
		if len(e.Messages) >= h.limits.Messages {
			e.BodyCut = true
			return nil
		}
		e.Messages = append(e.Messages, m)
		return nil
	})
}
