package capture

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
)

// head is the head of an HTTP/1 request as it was on the wire.
type head struct {
	raw     string // with the empty line at its end
	method  string
	target  string
	headers []flow.Header
	length  int64 // Content-Length; 0 for none
	chunked bool
	notes   *chunkNotes // of a chunked body
}

// parseHead reads a whole head. It is as lenient as net/http and more: what net/http refuses is never served, and only
// its bytes are recorded.
func parseHead(raw string) head {
	h := head{raw: raw, headers: make([]flow.Header, 0, 12)}
	line, rest := cutLine(raw)
	h.method, line, _ = strings.Cut(line, " ")
	h.target, _, _ = strings.Cut(line, " ")
	for rest != "" {
		line, rest = cutLine(rest)
		if line == "" {
			break
		}
		if n := len(h.headers); n > 0 && (line[0] == ' ' || line[0] == '\t') { // a folded line goes on with the one before
			h.headers[n-1].Value += " " + strings.Trim(line, " \t")
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		h.headers = append(h.headers, flow.Header{Name: name, Value: value})
		h.framing(name, value)
	}
	return h
}

func (h *head) framing(name, value string) {
	switch len(name) {
	case len("content-length"):
		if strings.EqualFold(name, "content-length") {
			if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 {
				h.length = n
			}
		}
	case len("transfer-encoding"):
		if strings.EqualFold(name, "transfer-encoding") && strings.EqualFold(value, "chunked") {
			h.chunked = true
		}
	}
}

func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// headEnd finds the end of a head in b: the index after its empty line, -1 if it is not there. from is where no earlier
// end can begin.
func headEnd(b []byte, from int) int {
	for from = max(0, from); ; {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return -1
		}
		from += i + 1
		switch {
		case from < len(b) && b[from] == '\n':
			return from + 1
		case from+1 < len(b) && b[from] == '\r' && b[from+1] == '\n':
			return from + 2
		}
	}
}
