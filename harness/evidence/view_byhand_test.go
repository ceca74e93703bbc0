package evidence

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func packed(t *testing.T, how string, in string) string {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch how {
	case "gzip":
		w := gzip.NewWriter(&b)
		_, err = w.Write([]byte(in))
		w.Close()
	case "zlib":
		w := zlib.NewWriter(&b)
		_, err = w.Write([]byte(in))
		w.Close()
	case "deflate":
		w, _ := flate.NewWriter(&b, -1)
		_, err = w.Write([]byte(in))
		w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What the report says to type shows the value, with tools that are not ours.
func TestByHand(t *testing.T) {
	for _, tool := range []string{"sh", "python3", "xxd", "gzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here", tool)
		}
	}
	const query = "quokka gantry 4f1c8a9e, 50% + more"
	doc := `[{"properties":{"$q":"` + query + `"}}]`
	b64 := base64.StdEncoding.EncodeToString
	body := "phones/phone-1/bodies/" + strings.Repeat("0", 64)
	dir := t.TempDir()
	file := filepath.Join(dir, filepath.FromSlash(body))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ location, body string }{
		"form, base64, gzip, json": {"body > form data_list > base64 > gzip > json $[0].properties.$q", "gzip=1&data_list=" + url.QueryEscape(b64([]byte(packed(t, "gzip", doc)))) + "&x=1"},
		"form":                     {"body > form q", "a=b&q=" + url.PathEscape(query)},
		"form, plus":               {"body > form q > plus", "q=" + url.QueryEscape(query)},
		"form with a dollar":       {"body > form $q > base64", "$q=" + b64([]byte(query))},
		"json, base64":             {"body > json $[0].d > base64url", `[{"d":"` + base64.URLEncoding.EncodeToString([]byte(query)) + `"}]`},
		"json in json":             {"body > json $.a[1] > json $.q", `{"a":["x","{\"q\":\"` + query + `\"}"]}`},
		"zlib":                     {"body > zlib > json $", packed(t, "zlib", doc)},
		"deflate":                  {"body > deflate > json $", packed(t, "deflate", doc)},
		"hex":                      {"body > hex", hex.EncodeToString([]byte(query))},
		"percent":                  {"body > percent", url.PathEscape(query)},
		"as far as it goes":        {"body > json $.q > url > query q", `{"q":"` + query + `"}`},
	} {
		if err := os.WriteFile(file, []byte(c.body), 0o600); err != nil {
			t.Fatal(err)
		}
		command := byHand(body, c.location)
		run := exec.Command("sh", "-c", command)
		run.Dir = dir
		out, err := run.CombinedOutput()
		if err != nil || !strings.Contains(string(out), query) {
			t.Errorf("%s: %s: %v\n%s", name, command, err, out)
		}
	}
}

// People paste commands: what a phone chose never stands in one unless it is plain.
func TestByHandRefuses(t *testing.T) {
	body := "phones/phone-1/bodies/" + strings.Repeat("0", 64)
	for _, c := range [][2]string{
		{body, "body > form x';touch owned;'"}, {body, "body > form $(touch)"}, {body, "body > form `id`"}, {body, "body > form a|b"},
		{body, `body > form "a b"`}, {body, "body > json $.a\nb > base64"}, {body, `body > json $."x y" > base64`}, {body, "body > json $(key)"},
		{body, "header Referer > base64"}, {body, "query q"}, {body, "body"}, {body, "body > protobuf 1.2"}, {body, "body > base64 x"}, {body, ""},
		{"", "body > base64"}, {"phones/a b/bodies/" + strings.Repeat("0", 64), "body > base64"}, {"phones/x/bodies/$(id)", "body > base64"},
	} {
		if got := byHand(c[0], c[1]); got != "" {
			t.Errorf("%q %q gave %s", c[0], c[1], got)
		}
	}
}
