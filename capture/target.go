package capture

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/capture/flow"
)

// heads records the request's headers: as they were on the wire for HTTP/1, in order of name for HTTP/2.
func (x *exchange) heads(r *http.Request) (size int64) {
	if h, ok := x.s.tap.take(r.Method, r.RequestURI); ok {
		x.req.Headers, x.tapped, x.notes = h.headers, true, h.notes
		return int64(len(h.raw))
	}
	if r.ProtoMajor < 2 {
		x.req.Headers = append(x.req.Headers, flow.Header{Name: "Host", Value: r.Host})
	}
	x.req.Headers = appendHeaders(x.req.Headers, r.Header, r.ProtoMajor >= 2)
	return headerSize(x.req.Headers) + int64(len(r.Method)+len(x.req.Target))
}

func appendHeaders(to []flow.Header, h http.Header, lower bool) []flow.Header {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	to = slices.Grow(to, len(h))
	for _, name := range names {
		shown := name
		if lower {
			shown = strings.ToLower(name)
		}
		for _, v := range h[name] {
			to = append(to, flow.Header{Name: shown, Value: v})
		}
	}
	return to
}

func headerSize(hs []flow.Header) (n int64) {
	for _, h := range hs {
		n += int64(len(h.Name) + len(h.Value) + 4)
	}
	return n
}

// splitHost gives the name and port that a request is for.
func splitHost(host string, port int) (string, int) {
	name, portText, err := net.SplitHostPort(host)
	if err != nil {
		return clean(strings.Trim(host, "[]")), port
	}
	if n, err := strconv.Atoi(portText); err == nil && n > 0 && n < 1<<16 {
		port = n
	}
	return clean(name), port
}

// clean lowers a host name and takes its last dot off.
func clean(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// target gives the URL that the phone meant. Bytes that are not UTF-8 are percent-encoded, so that the record keeps them.
func target(r *http.Request, s *served, f *flow.Flow) string {
	uri := r.RequestURI
	if strings.HasPrefix(uri, "/") || uri == "*" || uri == "" {
		host := r.Host
		if host == "" {
			host = f.Host
		}
		if _, _, err := net.SplitHostPort(host); err != nil && s.tunnel != nil && f.Port != defaultPort(s.scheme) {
			host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(f.Port))
		}
		if uri == "*" {
			uri = "/*"
		}
		uri = s.scheme + "://" + host + uri
	}
	return target8(uri)
}

// target8 percent-encodes bytes that are not UTF-8.
func target8(uri string) string {
	if utf8.ValidString(uri) {
		return uri
	}
	var b strings.Builder
	for i := 0; i < len(uri); {
		c, n := utf8.DecodeRuneInString(uri[i:])
		if c == utf8.RuneError && n == 1 {
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(uri[i]), 16)))
		} else {
			b.WriteString(uri[i : i+n])
		}
		i += n
	}
	return b.String()
}

func defaultPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}
