package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	neturl "net/url"
	"strings"
	"unicode/utf8"
)

// carrier puts parts into a request.
type carrier struct {
	encodes bool                      // names the last layer in Content-Encoding
	sealed  bool                      // encrypts what it carries
	words   func(key string) []string // of its chain
	carry   func(Batch, parts) (Request, error)
}

func carriers() map[string]carrier {
	body := carrier{words: func(string) []string { return []string{"body"} }, carry: inBody}
	encoded := body
	encoded.encodes = true
	return map[string]carrier{
		"body":      body,
		"encoded":   encoded,
		"form":      {words: keyed("body", "form "), carry: inForm},
		"query":     {words: keyed("url", "query "), carry: inQuery},
		"header":    {words: func(key string) []string { return []string{"header " + headerName(key)} }, carry: inHeader},
		"agent":     {words: func(string) []string { return []string{"header User-Agent"} }, carry: inAgent},
		"hostname":  {words: func(string) []string { return []string{"url", "host", "labels"} }, carry: inHostname},
		"cookie":    {words: keyed("header Cookie", "cookie "), carry: inCookie},
		"path":      {words: func(string) []string { return []string{"url", "path segment"} }, carry: inPath},
		"multipart": {words: keyed("body", "multipart "), carry: inMultipart},
		"websocket": {words: func(string) []string { return []string{"websocket message"} }, carry: inMessages},
		"socket":    {words: func(string) []string { return []string{"stream", "frame"} }, carry: inFrames},
		"mqtt":      {words: func(string) []string { return []string{"stream", "mqtt publish"} }, carry: inMQTT},
		"datagram":  {words: func(string) []string { return []string{"datagram"} }, carry: inDatagrams},
		"quic":      {words: func(string) []string { return []string{"datagram", "quic"} }, sealed: true, carry: inQUIC},
		"dns":       {words: func(string) []string { return []string{"datagram", "dns question", "labels"} }, carry: inDNS},
	}
}

func keyed(first, second string) func(string) []string {
	return func(key string) []string { return []string{first, second + key} }
}

// post is a request with a body.
func post(b Batch, contentType string, body []byte) Request {
	return Request{Method: http.MethodPost, URL: b.URL, Header: http.Header{"Content-Type": {contentType}}, Body: body}
}

func get(b Batch, url string) Request {
	return Request{Method: http.MethodGet, URL: url, Header: http.Header{}}
}

func inBody(b Batch, all parts) (Request, error) {
	var lines [][]byte
	for _, p := range all {
		lines = append(lines, p.data)
	}
	return post(b, "application/octet-stream", bytes.Join(lines, []byte("\n"))), nil
}

func inForm(b Batch, all parts) (Request, error) {
	return post(b, "application/x-www-form-urlencoded", []byte(pairs(all, formPercent))), nil
}

func inQuery(b Batch, all parts) (Request, error) {
	separator := "?"
	if strings.Contains(b.URL, "?") {
		separator = "&"
	}
	return get(b, b.URL+separator+pairs(all, percent)), nil
}

func pairs(all parts, escape func(string) string) string {
	var text []string
	for _, p := range all {
		text = append(text, escape(p.key)+"="+escape(string(p.data)))
	}
	return strings.Join(text, "&")
}

func inPath(b Batch, all parts) (Request, error) {
	url, query, _ := strings.Cut(b.URL, "?")
	url = strings.TrimSuffix(url, "/")
	for _, p := range all {
		url += "/" + percent(string(p.data))
	}
	if query != "" {
		url += "?" + query
	}
	return get(b, url), nil
}

// headerName makes a header of a property's key.
func headerName(key string) string {
	return http.CanonicalHeaderKey("X-M-" + strings.NewReplacer("_", "-", "$", "", " ", "-").Replace(key))
}

var errBinary = errors.New("bytes that no header can hold; add a layer that makes text")

func inHeader(b Batch, all parts) (Request, error) {
	r := get(b, b.URL)
	for _, p := range all {
		if !printable(p.data) {
			return Request{}, fmt.Errorf("carrying %s in a header: %w", p.key, errBinary)
		}
		r.Header.Add(headerName(p.key), string(p.data))
	}
	return r, nil
}

// inAgent says it behind what the app is.
func inAgent(b Batch, all parts) (Request, error) {
	r := get(b, b.URL)
	agent := b.Device.Package + "/" + b.Device.AppVersion + " (Android " + b.Device.Release + ")"
	for _, p := range all {
		if !printable(p.data) {
			return Request{}, fmt.Errorf("carrying %s in a user agent: %w", p.key, errBinary)
		}
		agent += " " + string(p.data)
	}
	r.Header.Set("User-Agent", agent)
	return r, nil
}

// inHostname asks a name below the collector's: what carries the value is the name, which the resolver and TLS say too.
// It takes the last part alone, which has to be what one label can hold, so a layer such as hex comes before.
func inHostname(b Batch, all parts) (Request, error) {
	u, err := neturl.Parse(b.URL)
	if err != nil {
		return Request{}, err
	}
	last := all[len(all)-1]
	if !isLabel(last.data) {
		return Request{}, fmt.Errorf("carrying %s in a host name: no label can hold it", last.key)
	}
	u.Host = string(last.data) + "." + u.Host
	return get(b, u.String()), nil
}

func isLabel(data []byte) bool {
	for _, c := range data {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(data) > 0 && len(data) <= 63
}

func inCookie(b Batch, all parts) (Request, error) {
	r := get(b, b.URL)
	var text []string
	for _, p := range all {
		if !printable(p.data) || bytes.ContainsAny(p.data, `;,"\ `) {
			return Request{}, fmt.Errorf("carrying %s in a cookie: %w", p.key, errBinary)
		}
		text = append(text, p.key+"="+string(p.data))
	}
	r.Header.Set("Cookie", strings.Join(text, "; "))
	return r, nil
}

func printable(data []byte) bool {
	for _, c := range data {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

func inMultipart(b Batch, all parts) (Request, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range all {
		field, err := w.CreateFormFile(p.key, p.key+".dat")
		if err != nil {
			return Request{}, err
		}
		if _, err := field.Write(p.data); err != nil {
			return Request{}, err
		}
	}
	if err := w.Close(); err != nil {
		return Request{}, err
	}
	return post(b, w.FormDataContentType(), body.Bytes()), nil
}

// inMessages sends a message a part: text when it is printable, binary otherwise.
func inMessages(b Batch, all parts) (Request, error) {
	r := get(b, "ws"+strings.TrimPrefix(b.URL, "http"))
	for _, p := range all {
		r.Messages = append(r.Messages, Message{Binary: !isText(p.data), Data: p.data})
	}
	return r, nil
}

func isText(data []byte) bool { return utf8.Valid(data) && !bytes.ContainsRune(data, 0) }
