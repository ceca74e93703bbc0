package telemetry

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

var phone = Device{
	Manufacturer: "Xiaomi", Brand: "xiaomi", Model: "Redmi Note 8", Release: "9", Incremental: "V11.0.8.0.PCOMIXM", Region: "GB", Language: "en_GB",
	Package: "com.mi.globalbrowser.mini", AppVersion: "3.4.0", Width: 1080, Height: 2340,
	AndroidID: "a1b2c3d4e5f60718", UUID: "8f3b1c1e-1f0a-4a7e-9a0b-2c6d5e4f3a21",
}

var sampleEvents = []Event{
	{Time: time.UnixMilli(1588237200123), Name: "page_load_event_start", Values: []Value{{Key: "url", Kind: manifest.URL, Text: "https://incognito.example.test/path?q=secret"}}},
	{Time: time.UnixMilli(1588237203001), Name: "search", Values: []Value{
		{Key: "used_searchengine", Kind: manifest.Harmless, Text: "google"}, {Key: "search_position", Kind: manifest.Harmless, Text: "homepage"},
		{Key: "search_method", Kind: manifest.Harmless, Text: "input"}, {Key: "search_word", Kind: manifest.Query, Text: "very private words"},
	}},
}

func sampleBatch() Batch {
	return Batch{URL: "https://sa.api.intl.miui.com/sa?project=global_browser_mini", Device: phone, Now: time.UnixMilli(1588237201456), Events: sampleEvents}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// unpack undoes the form with the standard library alone.
func unpack(t *testing.T, body string) (crc int32, data string, events []map[string]any) {
	t.Helper()
	form, err := url.ParseQuery(strings.TrimSpace(body))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(form.Get("crc"), 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	data = form.Get("data_list")
	zipped, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &events); err != nil {
		t.Fatal(err)
	}
	return int32(n), data, events
}

func TestSensorsLikeTheSample(t *testing.T) {
	body := read(t, "request_body.txt")
	crc, data, _ := unpack(t, body)
	if got := javaHash(data); got != crc {
		t.Errorf("crc of the sample is %d, computed %d", crc, got)
	}
	// The same base64 gives the same bytes on the wire: order of fields, percent-encoding, crc.
	if got := string(sensorsForm(sampleBatch(), places{}, 1, data).Body); got != strings.TrimSpace(body) {
		t.Errorf("got  %.120s\nwant %.120s", got, body)
	}

	r, err := sensorsAndroid(sampleBatch())
	if err != nil {
		t.Fatal(err)
	}
	crc, data, got := unpack(t, string(r.Body))
	if javaHash(data) != crc {
		t.Errorf("own crc is %d, of %d", crc, javaHash(data))
	}
	if !strings.HasPrefix(data, "H4sIAAAAAAAAA") {
		t.Errorf("base64 begins %.16s, Java's gzip begins H4sIAAAAAAAAA", data)
	}
	var want []map[string]any
	if err := json.Unmarshal([]byte(read(t, "decoded.json")), &want); err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		g := got[i]
		for key, value := range w {
			switch key {
			case "_track_id", "_flush_time":
				if g[key] == nil {
					t.Errorf("event %d has no %s", i, key)
				}
				continue
			case "lib", "properties": // the sample's second event has fewer of them
				for k, v := range value.(map[string]any) {
					if d := cmp.Diff(v, g[key].(map[string]any)[k]); d != "" {
						t.Errorf("event %d %s.%s: %s", i, key, k, d)
					}
				}
				continue
			}
			if d := cmp.Diff(value, g[key]); d != "" {
				t.Errorf("event %d %s: %s", i, key, d)
			}
		}
	}
}

func TestJavaHash(t *testing.T) {
	// From the documentation of java.lang.String and well-known collisions.
	for text, want := range map[string]int32{"": 0, "a": 97, "hello": 99162322, "Aa": 2112, "BB": 2112, "polygenelubricants": -2147483648, "\U0001F600": 1772899} {
		if got := javaHash(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestSensorsCarries(t *testing.T) {
	for _, c := range []struct {
		encoding string
		account  string
		want     []string // kind, value and chain
	}{
		{"sensors", "", []string{
			"identifier a1b2c3d4e5f60718 body > form data_list > base64 > gzip > json [0].properties.$device_id",
			"identifier 8f3b1c1e-1f0a-4a7e-9a0b-2c6d5e4f3a21 body > form data_list > base64 > gzip > json [0].properties.uuid",
			"url https://incognito.example.test/path?q=secret body > form data_list > base64 > gzip > json [0].properties.url",
			"query very private words body > form data_list > base64 > gzip > json [1].properties.search_word",
		}},
		{"onetrack", "123456789", []string{
			"identifier 8f3b1c1e-1f0a-4a7e-9a0b-2c6d5e4f3a21 body > json [0].H.instance_id",
			"identifier 123456789 body > json [0].H.uid",
			"url https://incognito.example.test/path?q=secret body > json [0].B.url",
			"query very private words body > json [1].B.search_word",
		}},
		{"mistat", "", []string{
			"url https://incognito.example.test/path?q=secret body > form stat_value > json [0].params[0].v",
			"query very private words body > form stat_value > json [1].params[3].v",
			"identifier a1b2c3d4e5f60718 body > form device_id > sha1",
		}},
	} {
		e, ok := Named(c.encoding)
		if !ok {
			t.Fatalf("no encoding %s", c.encoding)
		}
		b := sampleBatch()
		b.Device.Account = c.account
		r, err := e.Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, carried := range r.Carries {
			got = append(got, string(carried.Kind)+" "+carried.Value+" "+strings.Join(carried.Chain, " > "))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.encoding, d)
		}
	}
}

func TestSealedFormsHideTheirValues(t *testing.T) {
	for name, payloads := range map[string]int{"sensors-encrypted": 2, "sensors-sealed": 1} {
		e, _ := Named(name)
		r, err := e.Encode(sampleBatch())
		if err != nil || e.Readable {
			t.Fatalf("%s: readable %v, %v", name, e.Readable, err)
		}
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			t.Fatal(err)
		}
		var envelope []struct {
			EKey     string   `json:"ekey"`
			PKV      int      `json:"pkv"`
			Payloads []string `json:"payloads"`
			Flush    int64    `json:"flush_time"`
		}
		if err := json.Unmarshal([]byte(form.Get("data_list")), &envelope); err != nil {
			t.Fatal(err)
		}
		if len(envelope) != 1 || len(envelope[0].Payloads) != payloads || envelope[0].EKey == "" || envelope[0].PKV != 1 || envelope[0].Flush == 0 {
			t.Errorf("%s: envelope %+v", name, envelope)
		}
		crc, _ := strconv.Atoi(form.Get("crc"))
		if int32(crc) != javaHash(form.Get("data_list")) {
			t.Errorf("%s: crc %d", name, crc)
		}
		if len(r.Carries) != 4 {
			t.Errorf("%s carries %d values, want 4: what is sealed is sent all the same", name, len(r.Carries))
		}
		again, _ := e.Encode(sampleBatch())
		if bytes.Equal(again.Body, r.Body) {
			t.Errorf("%s: two uploads are equal, the key is not random", name)
		}
	}
}

func TestOtherSensorsKits(t *testing.T) {
	js, err := sensorsJS(Batch{URL: "https://a.test/sa", Device: phone, Events: sampleEvents[1:], Now: time.UnixMilli(1)})
	if err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(string(js.Body))
	if err != nil {
		t.Fatal(err)
	}
	if want := "crc=" + strconv.Itoa(int(javaHash(form.Get("data")))); form.Get("ext") != want {
		t.Errorf("ext is %q, want %q", form.Get("ext"), want)
	}
	var event struct {
		Event      string
		Properties map[string]any
	}
	text, _ := base64.StdEncoding.DecodeString(form.Get("data"))
	if err := json.Unmarshal(text, &event); err != nil || event.Properties["search_word"] != "very private words" || event.Event != "search" {
		t.Errorf("event %+v, %v", event, err)
	}
	node, err := sensorsNode(sampleBatch())
	if err != nil || !strings.HasPrefix(string(node.Body), "data_list=H4sIAAAAAAAAA") || !strings.HasSuffix(string(node.Body), "&gzip=1") {
		t.Errorf("%.40s, %v", node.Body, err)
	}
}
