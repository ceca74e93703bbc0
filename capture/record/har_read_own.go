package record

import (
	"net/http"

	"github.com/telltale-farm/telltale/capture/flow"
)

// HARUnread is a flow of one of our own HARs that is no request, and carried something that nobody could read.
type HARUnread struct {
	Kind  flow.Kind
	Host  string // as the phone named it; of a file, so anything at all
	Class string // why: a flow.Class, or protocol-error, or unfinished
	Bytes int64  // that the phone sent
}

// classes of the judge, which the proxy does not give
const (
	classProtocolError = "protocol-error"
	classUnfinished    = "unfinished"
)

// own reads log._telltale, which lists what has no entry, and gives each flow in it that hides something.
func (h *harReader) own() error {
	return h.scan.object(func(name string) error {
		if name != "flows" {
			return h.scan.skip()
		}
		return h.scan.array(h.unread)
	})
}

func (h *harReader) unread() error {
	var f harUnread
	h.scan.begin()
	err := h.scan.object(func(name string) error {
		var t []byte
		var err error
		switch name {
		case "kind":
			t, err = h.scan.optText()
			f.Kind = flow.Kind(t)
		case "host":
			t, err = h.scan.optText()
			f.Host = string(t)
		case "class":
			t, err = h.scan.optText()
			f.Class = flow.Class(t)
		case "requests":
			f.Requests, err = h.scan.integer()
		case "bytes_up":
			f.Up, err = h.scan.integer()
		case "intercepted":
			f.Intercepted, err = h.scan.truthy()
		case "control":
			f.Control, err = h.scan.truthy()
		case "open":
			f.Open, err = h.scan.truthy()
		case "sent":
			f.Sent, err = h.scan.truthy()
		default:
			err = h.scan.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	class := f.unread()
	if class == "" {
		return nil
	}
	e := HAREntry{Index: -1, Unread: &HARUnread{Kind: f.Kind, Host: f.Host, Class: class, Bytes: max(f.Up, 0)}}
	if !h.yield(e, nil) {
		return errStop
	}
	return nil
}

// unread says why what a flow carried could not be read; empty if it carried nothing, or its requests are entries. The
// rules are the judge's, but that no window excuses a connection that a browser opened in advance.
func (f *harUnread) unread() string {
	switch {
	case f.Control:
		return ""
	case f.Kind == flow.KindTunnel && f.Class == flow.ClassReadable:
		switch {
		case f.Requests > 0 || f.Up == 0 || f.Open:
			return ""
		case f.Intercepted:
			return string(flow.ClassPinned)
		}
		return string(flow.ClassPassed)
	case f.Kind == flow.KindTunnel && f.Up == 0 && !f.Open && (f.Class == flow.ClassNotTLS || f.Class == flow.ClassNotHTTP || f.Class == flow.ClassPassed):
		return "" // the phone only listened
	case f.Class != flow.ClassReadable:
		return string(f.Class)
	case f.Kind == flow.KindError && f.Up == 0 && !f.Sent:
		return ""
	case f.Kind == flow.KindError:
		return classProtocolError
	}
	return classUnfinished
}

// ownEntry reads what only our own HARs say of an entry: why its request could not be read.
func (h *harReader) ownEntry(class *string) error {
	return h.scan.object(func(name string) error {
		if name != "class" {
			return h.scan.skip()
		}
		t, err := h.scan.optText()
		*class = string(t)
		return err
	})
}

// minusOne takes a value and says whether it is -1, which is how WriteHAR writes a time that never ended.
func (h *harReader) minusOne() (bool, error) {
	c, err := h.scan.peek()
	if err != nil {
		return false, err
	}
	if c != '-' {
		return false, h.scan.skip()
	}
	b, err := h.scan.bare()
	return string(b) == "-1", err
}

// bodyToCome says whether a request whose record has no end announced a body, of which nothing is here.
func bodyToCome(e *HAREntry) bool {
	if len(e.Body) > 0 {
		return false
	}
	if _, chunked := header(e, "Transfer-Encoding"); chunked {
		return true
	}
	if n, said := header(e, "Content-Length"); said {
		return n != "0"
	}
	return e.Method == http.MethodPost || e.Method == http.MethodPut || e.Method == http.MethodPatch
}
