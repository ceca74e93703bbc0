package telemetry

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"time"
	"unicode/utf16"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

// sensorsBatch is the most events that the Android kit puts into one upload (sa-sdk-android, AnalyticsMessages).
const sensorsBatch = 50

// sensorsEncodings are the upload forms of Sensors Analytics (sensorsdata/sa-sdk-android 3.2, its JavaScript kit, and
// sa-sdk-node 1.2.6).
func sensorsEncodings() []Encoding {
	return []Encoding{
		{Name: "sensors", Batch: sensorsBatch, Readable: true, Encode: sensorsAndroid},
		{Name: "sensors-encrypted", Batch: sensorsBatch, Encode: func(b Batch) (Request, error) { return sensorsSealed(b, 9) }},
		{Name: "sensors-sealed", Batch: sensorsBatch, Encode: func(b Batch) (Request, error) { return sensorsSealed(b, 13) }},
		{Name: "sensors-js", Batch: 1, Readable: true, Encode: sensorsJS},
		{Name: "sensors-node", Batch: sensorsBatch, Readable: true, Encode: sensorsNode},
	}
}

// sensorsAndroid is crc=<int32>&gzip=1&data_list=<percent(base64(gzip(JSON array)))>.
func sensorsAndroid(b Batch) (Request, error) {
	var p places
	events := sensorsEvents(b, &p, []string{"body", "form data_list", "base64", "gzip"})
	zipped, err := javaGzip([]byte(jsonText(events, escapedSlash)))
	if err != nil {
		return Request{}, err
	}
	return sensorsForm(b, p, 1, base64.StdEncoding.EncodeToString(zipped)), nil
}

func sensorsForm(b Batch, p places, mode int, data string) Request {
	body := fmt.Sprintf("crc=%d&gzip=%d&data_list=%s", javaHash(data), mode, percent(data))
	// Kits before 3.2.5 named themselves; HttpURLConnection adds the rest.
	header := http.Header{"User-Agent": {"SensorsAnalytics Android SDK"}}
	return Request{Method: http.MethodPost, URL: b.URL, Header: header, Body: []byte(body), Carries: p.list}
}

// sensorsSealed is the encryption of events (gzip=9: a payload an event) or of the transport (gzip=13: one payload). The
// AES key is thrown away here; ekey is as opaque as one under the collector's public key.
func sensorsSealed(b Batch, mode int) (Request, error) {
	var p places
	chain := []string{"body", "form data_list", "json [0].payloads", "base64", "aes", "gzip"}
	events := sensorsEvents(b, &p, chain)
	texts := []string{jsonText(events, escapedSlash)}
	if mode == 9 {
		texts = texts[:0]
		for _, e := range events {
			texts = append(texts, jsonText(e, escapedSlash))
		}
	}
	key := make([]byte, 16+256)
	if _, err := rand.Read(key); err != nil {
		return Request{}, err
	}
	var payloads []any
	for _, text := range texts {
		zipped, err := javaGzip([]byte(text))
		if err != nil {
			return Request{}, err
		}
		sealed, err := cbc(key[:16], zipped)
		if err != nil {
			return Request{}, err
		}
		payloads = append(payloads, base64.StdEncoding.EncodeToString(sealed))
	}
	envelope := []any{object{
		{"ekey", base64.StdEncoding.EncodeToString(key[16:])}, {"pkv", 1}, {"payloads", payloads}, {"flush_time", b.Now.UnixMilli()},
	}}
	return sensorsForm(b, p, mode, jsonText(envelope, escapedSlash)), nil
}

// sensorsJS is data=<percent(base64(JSON))>&ext=crc%3D<int32>: one event, not compressed.
func sensorsJS(b Batch) (Request, error) {
	var p places
	e := b.Events[0]
	properties := object{{"$lib", "js"}, {"$lib_version", "1.15.0"}, {"$screen_width", b.Device.Width}, {"$screen_height", b.Device.Height}}
	chain := []string{"body", "form data", "base64"}
	for _, v := range e.Values {
		properties = append(properties, member{v.Key, v.Text})
		p.add(0, e, v.Kind, v.Text, append(chain, "json properties."+v.Key)...)
	}
	p.add(0, e, manifest.Identifier, b.Device.UUID, append(chain, "json distinct_id")...)
	data := base64.StdEncoding.EncodeToString([]byte(jsonText(object{
		{"distinct_id", b.Device.UUID}, {"lib", object{{"$lib", "js"}, {"$lib_method", "code"}, {"$lib_version", "1.15.0"}}},
		{"properties", properties}, {"anonymous_id", b.Device.UUID}, {"type", "track"}, {"event", e.Name}, {"time", e.Time.UnixMilli()}, {"_track_id", trackID(e)},
	}, plainSlash)))
	body := "data=" + percent(data) + "&ext=" + percent("crc="+strconv.Itoa(int(javaHash(data))))
	return Request{Method: http.MethodPost, URL: b.URL, Header: formHeader(), Body: []byte(body), Carries: p.list}, nil
}

// sensorsNode is data_list=<percent(base64(gzip(JSON array)))>&gzip=1, without a checksum.
func sensorsNode(b Batch) (Request, error) {
	var p places
	events := sensorsEvents(b, &p, []string{"body", "form data_list", "base64", "gzip"})
	zipped, err := javaGzip([]byte(jsonText(events, plainSlash)))
	if err != nil {
		return Request{}, err
	}
	header := formHeader()
	header.Set("User-Agent", "SensorsAnalytics Node SDK")
	body := "data_list=" + percent(base64.StdEncoding.EncodeToString(zipped)) + "&gzip=1"
	return Request{Method: http.MethodPost, URL: b.URL, Header: header, Body: []byte(body), Carries: p.list}, nil
}

func formHeader() http.Header {
	return http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
}

// javaHash is String.hashCode: 31*h + c over UTF-16 units, wrapping at 32 bits.
func javaHash(text string) int32 {
	var h int32
	for _, unit := range utf16.Encode([]rune(text)) {
		h = 31*h + int32(unit)
	}
	return h
}

// javaGzip compresses as java.util.zip does: no time, operating system 0.
func javaGzip(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.OS = 0
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// cbc is AES-CBC with PKCS#7 padding, the random initialisation vector in front.
func cbc(key, data []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(data)%aes.BlockSize
	out := make([]byte, aes.BlockSize+len(data)+pad)
	if _, err := rand.Read(out[:aes.BlockSize]); err != nil {
		return nil, err
	}
	copy(out[aes.BlockSize:], data)
	for i := range pad {
		out[len(out)-1-i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], out[aes.BlockSize:])
	return out, nil
}

// trackID is the number that the kit draws for an event; here it follows from the event, so that a retry repeats it.
func trackID(e Event) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(e.Name + e.Time.Format(time.RFC3339Nano)))
	return int(int32(h.Sum32()))
}
