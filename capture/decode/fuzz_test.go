package decode

import (
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
)

// checkPeel peels and holds the outcome to what Peel promises whatever the bytes: it ends, within its limits, and says
// the same twice.
func checkPeel(t *testing.T, s Sent) {
	limits := Limits{Depth: 12, Nodes: 20_000, Bytes: 4 << 20, Ratio: 50}
	type seen struct {
		location, data string
	}
	run := func() ([]seen, Report) {
		var all []seen
		rep := Peel(s, limits, func(v *Value) bool {
			all = append(all, seen{v.Location(), string(v.Data)})
			if v.Part() == "" {
				t.Errorf("a value without a part at %q", v.Location())
			}
			_ = v.Transforms()
			return true
		})
		return all, rep
	}
	one, rep := run()
	two, again := run()
	if len(one) > limits.Nodes {
		t.Errorf("%d values were shown, more than the limit", len(one))
	}
	if len(one) != len(two) || len(rep.Opaque) != len(again.Opaque) {
		t.Fatalf("%d values and %d opaque parts, then %d and %d", len(one), len(rep.Opaque), len(two), len(again.Opaque))
	}
	for i := range one {
		if one[i] != two[i] {
			t.Fatalf("value %d was %v, then %v", i, one[i], two[i])
		}
	}
}

func FuzzPeelBody(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkPeel(t, Sent{Body: b}) })
}

func FuzzPeelRequest(f *testing.F) {
	f.Add("https://a.example:8443/p/q;x=1?d=%7B%7D#f", "Cookie", "a=b; c=%41", "gzip", "multipart/form-data; boundary=x", []byte("--x\r\n\r\n1\r\n--x--"))
	f.Fuzz(func(t *testing.T, target, name, value, encoding, kind string, body []byte) {
		checkPeel(t, Sent{Method: "POST", Target: target, Body: body, Headers: []flow.Header{
			{Name: name, Value: value}, {Name: "Content-Encoding", Value: encoding}, {Name: "Content-Type", Value: kind}}})
	})
}

// seeds are small beginnings of every format.
func seeds() [][]byte {
	return [][]byte{
		[]byte(`{"a":[1,{"b":"\u00e9"}],"c":8.5e3}`), []byte("a=b%20c&d=e+f"), []byte("<a b='c'>&#x41;<![CDATA[x]]></a>"),
		[]byte("eyJhIjoiYiJ9"), []byte("H4sIAAAAAAAAA6tWSlSyUkpSqgUAtNhKVwkAAAA="), []byte("MFRGGZDFMZTWQ2LK"), []byte("7b2261223a226263646566227d"),
		[]byte("\x0a\x05hello\x10\x96\x01\x1a\x04\x08\x01\x10\x02"), []byte("\x82\xa1a\xa5hello\xa1b\xcf\x00\x00\x00\x00\x00\x00\x00\x01"),
		[]byte("\xa2aaehelloab\x1b\x00\x00\x00\x00\x00\x00\x00\x01"), []byte("\x16\x00\x00\x00\x02a\x00\x06\x00\x00\x00hello\x00\x10b\x00\x01\x00\x00\x00\x00"),
		[]byte("\x80\x01\x00\x01\x00\x00\x00\x01a\x00\x00\x00\x01\x0b\x00\x01\x00\x00\x00\x05hello\x00"), []byte("\x82\x21\x01\x01a\x18\x05hello\x00"),
		[]byte("\x00\x00\x00\x00\x07\x0a\x05hello"), []byte("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04dev1\x30\x0b\x00\x03a/bhello!"),
		[]byte("Obj\x01\x02\x14avro.codec\x08null\x00"), []byte("PK\x03\x04"), []byte("bplist00\xd1\x01\x02QaUhello\x08\x0b\x0d\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x13"),
		[]byte("h\x00e\x00l\x00l\x00o\x00 \x00w\x00o\x00"), []byte("\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05hello\x04test\x00\x00\x01\x00\x01"),
		[]byte("GET /x HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x81\x85\x01\x02\x03\x04igohn"), []byte("%7B%22a%22%3A%22b%22%7D"), []byte("a=3D=\r\nb"),
		[]byte("uggcf://rknzcyr.grfg/"), []byte("N4IgZglgNgLgpgJxALhACxgBxAXyA"), []byte("\x78\x9c\x4b\xcc\x28\x4c\x04\x00\x06\x2f\x02\x19"), []byte("\xc1\xe3\xba\xc3\xcb\xc1\xc1\xb7\xc9\xcf\xba\xa3"),
	}
}
