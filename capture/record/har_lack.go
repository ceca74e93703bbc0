package record

import (
	"net/http"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
)

// lacks says whether an entry that another tool wrote holds less of the body, or of the request, than was sent: tools cap
// bodies, leave out what they hold to be binary, and list requests of which they have nothing.
func (h *harReader) lacks(e *HAREntry) bool {
	switch {
	case e.URL == "":
		return true
	case len(e.Body) > 0:
		n := int64(len(e.Body))
		// Nothing that is compressed takes much more room than what it was made from, a text of two-byte letters at most twice.
		return h.size > n && !encoded(e) || h.size > 2*n+64
	case h.size == 0:
		n, said := header(e, "Content-Length")
		_, chunked := header(e, "Transfer-Encoding")
		return said && n != "0" || chunked
	}
	return bodyToCome(e)
}

// firsts are the members of an object that were met. Whoever reads one that is there twice takes the last of them.
type firsts map[string]bool

// again says whether a member that is read was met before. What is passed over may be there as often as it likes.
func (f firsts) again(name string) bool {
	switch name {
	case "request", "method", "url", "bodySize", "postData", "_content", "text", "encoding", "_bodyBase64":
	default:
		return false
	}
	twice := f[name]
	f[name] = true
	return twice
}

// encoded says whether a body was sent compressed: the size is then that of another form than the text.
func encoded(e *HAREntry) bool {
	v, ok := header(e, "Content-Encoding")
	return ok && v != "" && !strings.EqualFold(v, "identity")
}

func header(e *HAREntry, name string) (value string, ok bool) {
	for _, h := range e.Headers {
		if strings.EqualFold(h.Name, name) {
			return strings.TrimSpace(h.Value), true
		}
	}
	return "", false
}

// onlyParsed puts cookies and the query where they were sent, if a tool lists them apart and nowhere else.
func (e *HAREntry) onlyParsed(cookies, query *harBody) {
	e.BodyCut = e.BodyCut || cookies.lost || query.lost
	if _, ok := header(e, "Cookie"); !ok && len(cookies.params) > 0 {
		var list []string
		for _, c := range cookies.params {
			list = append(list, c[0]+"="+c[1])
		}
		e.Headers = append(e.Headers, flow.Header{Name: "Cookie", Value: strings.Join(list, "; ")})
	}
	if e.Method != http.MethodConnect && e.URL != "" && !strings.Contains(e.URL, "?") && len(query.params) > 0 {
		var list []string
		for _, q := range query.params {
			list = append(list, escapeOnce(q[0])+"="+escapeOnce(q[1]))
		}
		e.URL += "?" + strings.Join(list, "&")
	}
}
