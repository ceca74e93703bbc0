package telemetry

import (
	"slices"
	"sort"
)

// presets names compositions that personalities use often.
func presets() map[string]string {
	return map[string]string{
		"json":             "body:json",
		"ndjson":           "body:ndjson",
		"json-in-json":     "body:json-in-json",
		"form":             "form:value",
		"query":            "query:value",
		"header":           "header:value+percent",
		"user-agent":       "agent:value+percent",
		"hostname":         "hostname:value+hex",
		"cookie":           "cookie:value+percent",
		"path":             "path:value",
		"multipart":        "multipart:json",
		"base64":           "form:json+base64",
		"base64url":        "query:json+base64url",
		"base32":           "form:json+base32",
		"hex":              "form:json+hex",
		"percent-twice":    "form:value+percent",
		"gzip":             "encoded:json+gzip",
		"gzip-bare":        "body:json+gzip",
		"zlib":             "body:json+zlib",
		"deflate":          "encoded:json+deflate",
		"deflate-bare":     "body:json+deflate",
		"brotli":           "encoded:json+brotli",
		"brotli-bare":      "body:json+brotli",
		"zstd":             "encoded:json+zstd",
		"zstd-bare":        "body:json+zstd",
		"md5":              "form:value+md5",
		"sha1":             "form:value+sha1",
		"sha256":           "form:value+sha256",
		"sha512":           "form:value+sha512",
		"utf16":            "body:json+utf16",
		"protobuf":         "body:protobuf",
		"msgpack":          "body:msgpack",
		"cbor":             "body:cbor",
		"websocket":        "websocket:json",
		"websocket-binary": "websocket:json+gzip",
		"aes":              "body:json+aes",
		"socket":           "socket:json",
		"socket-binary":    "socket:protobuf+zlib",
		"mqtt":             "mqtt:json",
		"datagram":         "datagram:json",
		"quic":             "quic:json",
		"dns":              "dns:value+hex",
	}
}

// Named returns an encoding: that of a kit, a preset, or a composition CARRIER:DOCUMENT[+LAYER...], layers in the order
// they are applied, such as form:json+gzip+base64.
//
// Carriers over HTTP: body, encoded (the last layer named in Content-Encoding), form, query, header, agent, cookie,
// hostname, path, multipart, websocket; over a tls, tunnel or tcp URL: socket, mqtt; over a udp URL: datagram, quic, dns. Documents: json, ndjson, json-in-json, value, protobuf, msgpack, cbor. Layers: gzip, zlib, deflate, brotli,
// zstd, base64, base64url, base32, hex, percent, utf16, md5, sha1, sha256, sha512, aes.
func Named(name string) (Encoding, bool) {
	for _, e := range kits() {
		if e.Name == name {
			return e, true
		}
	}
	text := name
	if preset, ok := presets()[name]; ok {
		text = preset
	}
	e, ok := compose(text)
	e.Name = name
	return e, ok
}

// Names lists the kits and the presets, sorted.
func Names() []string {
	var names []string
	for _, e := range kits() {
		names = append(names, e.Name)
	}
	for name := range presets() {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func kits() []Encoding { return slices.Concat(sensorsEncodings(), xiaomiEncodings()) }
