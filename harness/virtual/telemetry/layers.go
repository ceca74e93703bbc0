package telemetry

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"unicode/utf16"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// layer is one transform of a whole part.
type layer struct {
	word   string // in chains
	coding string // in Content-Encoding; empty if it has no name there
	sealed bool   // nobody can undo it
	apply  func([]byte) ([]byte, error)
}

func layers() map[string]layer {
	all := map[string]layer{}
	for _, l := range []layer{
		{word: "gzip", coding: "gzip", apply: javaGzip},
		{word: "zlib", coding: "deflate", apply: func(b []byte) ([]byte, error) {
			return squeeze(b, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil })
		}},
		{word: "deflate", coding: "deflate", apply: func(b []byte) ([]byte, error) {
			return squeeze(b, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
		}},
		{word: "brotli", coding: "br", apply: func(b []byte) ([]byte, error) {
			return squeeze(b, func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriter(w), nil })
		}},
		{word: "zstd", coding: "zstd", apply: func(b []byte) ([]byte, error) {
			return squeeze(b, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) })
		}},
		{word: "base64", apply: func(b []byte) ([]byte, error) { return base64.StdEncoding.AppendEncode(nil, b), nil }},
		{word: "base64url", apply: func(b []byte) ([]byte, error) { return base64.RawURLEncoding.AppendEncode(nil, b), nil }},
		{word: "base32", apply: func(b []byte) ([]byte, error) { return base32.StdEncoding.AppendEncode(nil, b), nil }},
		{word: "hex", apply: func(b []byte) ([]byte, error) { return hex.AppendEncode(nil, b), nil }},
		{word: "percent", apply: func(b []byte) ([]byte, error) { return []byte(percent(string(b))), nil }},
		{word: "utf16", apply: utf16LE},
		{word: "md5", apply: func(b []byte) ([]byte, error) { s := md5.Sum(b); return hex.AppendEncode(nil, s[:]), nil }},
		{word: "sha1", apply: func(b []byte) ([]byte, error) { s := sha1.Sum(b); return hex.AppendEncode(nil, s[:]), nil }},
		{word: "sha256", apply: func(b []byte) ([]byte, error) { s := sha256.Sum256(b); return hex.AppendEncode(nil, s[:]), nil }},
		{word: "sha512", apply: func(b []byte) ([]byte, error) { s := sha512.Sum512(b); return hex.AppendEncode(nil, s[:]), nil }},
		{word: "aes", sealed: true, apply: sealAway},
	} {
		all[l.word] = l
	}
	return all
}

func squeeze(data []byte, open func(io.Writer) (io.WriteCloser, error)) ([]byte, error) {
	var b bytes.Buffer
	w, err := open(&b)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// utf16LE writes text as little-endian UTF-16 without a mark.
func utf16LE(text []byte) ([]byte, error) {
	var out []byte
	for _, unit := range utf16.Encode([]rune(string(text))) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out, nil
}

// sealAway encrypts under a key that nobody keeps.
func sealAway(data []byte) ([]byte, error) {
	key := make([]byte, 16)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return cbc(key, data)
}
