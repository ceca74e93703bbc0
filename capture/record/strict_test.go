package record

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
)

// A line that says something we do not know, or twice, may say why a flow was not read: it is refused.
func TestStrictLines(t *testing.T) {
	const head = `{"rec":"open","schema":1,"epoch_utc":"2026-01-02T03:04:05.000000Z"}` + "\n"
	const flow = `{"rec":"end","seq":1,"kind":"tunnel","conn":1,"start_us":1,"sent_us":1,"end_us":2,"host":"a.example","port":443,"bytes_up":5,"bytes_down":0`
	for name, c := range map[string]struct {
		lines string
		want  string // in the error; empty for none
	}{
		"as it is written":          {flow + `,"class":"untrusted-ca","request":{"method":"GET","headers":[["class","a"],["class","{\"x\":1,\"x\":2}"]]}}`, ""},
		"a field of a later writer": {flow + `,"why":"untrusted-ca"}`, "unknown field"},
		"a field in capitals":       {flow + `,"Class":""}`, "is unknown"},
		"a class twice":             {flow + `,"class":"untrusted-ca","class":""}`, "occurs twice"},
		"a class twice, escaped":    {flow + `,"class":"untrusted-ca","cl\u0061ss":""}`, "is unknown"},
		"twice inside":              {flow + `,"request":{"body":{"sha256":"","size":9,"stored":1,"size":1}}}`, "occurs twice"},
		"a record behind it":        {flow + `}{}`, "after the record"},
		"no number":                 {strings.Replace(flow, `"port":443`, `"port":NaN`, 1) + `}`, "invalid"},
		"an end with more":          {`{"rec":"close","end_us":9,"lost":3}`, "unknown field"},
		"an app with more":          {`{"rec":"app","conn":1,"app":"a","sure":false}`, "unknown field"},
		"an opening with more":      {"", "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			first := head
			if c.lines == "" {
				first = strings.Replace(head, `"schema":1`, `"schema":1,"lossy":true`, 1)
			}
			r, err := Open(fstest.MapFS{"flows.jsonl": {Data: []byte(first + c.lines + "\n")}})
			if err == nil {
				_, err = r.Flows()
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// FuzzPlainKeys holds it against encoding/json: an object of strings that passes has no key twice.
func FuzzPlainKeys(f *testing.F) {
	for _, s := range []string{`{"rec":"end","a":"1"}`, `{"a":"\\","b":"\""}`, `{"a":"x","a":"y"}`, `}{`, `"`, `[,{"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m map[string]json.RawMessage
		if plainKeys(b) != nil || json.Unmarshal(b, &m) != nil || m == nil {
			return
		}
		d, keys := json.NewDecoder(bytes.NewReader(b)), 0
		_, _ = d.Token() // the brace
		for ; d.More(); keys++ {
			var value json.RawMessage
			if _, err := d.Token(); err != nil {
				t.Fatal(err)
			}
			if err := d.Decode(&value); err != nil {
				t.Fatal(err)
			}
		}
		if keys != len(m) {
			t.Errorf("%q passes with %d keys, %d of them different", b, keys, len(m))
		}
	})
}
