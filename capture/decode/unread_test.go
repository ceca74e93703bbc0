package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// TestBrokenStream: what stands behind the place where a compressed stream breaks was not read, and is told. A stream that
// its sender never ended, or whose checksum is wrong, is read.
func TestBrokenStream(t *testing.T) {
	r := rand.New(rand.NewPCG(61, 62))
	var text []byte
	for len(text) < 3000 {
		text = append(append(text, `{"event":"view","id":"`...), base64.StdEncoding.EncodeToString(randomBytes(r, 9))...)
		text = append(text, `"}`+"\n"...)
	}
	gz := gzipped(t, text)
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	zs := encoder.EncodeAll(text, nil)
	var flushed bytes.Buffer
	w := gzip.NewWriter(&flushed)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	changed := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		for i := range 40 {
			b[at+i] ^= 0x5a
		}
		return b
	}
	for name, c := range map[string]struct {
		body []byte
		told bool
	}{
		"gzip":                         {gz, false},
		"gzip, broken in the middle":   {changed(gz, len(gz)/2), true},
		"gzip without its end":         {gz[:len(gz)-8], false},
		"gzip, flushed and never done": {flushed.Bytes(), false},
		"gzip with another checksum":   {append(bytes.Clone(gz[:len(gz)-8]), 1, 2, 3, 4, gz[len(gz)-4], gz[len(gz)-3], gz[len(gz)-2], gz[len(gz)-1]), false},
		"zstd":                         {zs, false},
		"zstd, broken in the middle":   {changed(zs, len(zs)/2), true},
	} {
		t.Run(name, func(t *testing.T) {
			behind := append([]byte("\x00\x01\x02\x03\x04\x05"), c.body...)
			for where, data := range map[string][]byte{"by itself": c.body, "behind other bytes": behind} {
				body, err := json.Marshal(map[string]string{"d": base64.StdEncoding.EncodeToString(data)})
				if err != nil {
					t.Fatal(err)
				}
				read := false
				rep := Peel(Sent{Target: "https://a.example/", Body: body}, Limits{}, func(v *Value) bool {
					read = read || bytes.Contains(v.Data, []byte("view"))
					return true
				})
				if told := len(rep.Opaque) > 0; told != c.told {
					t.Errorf("%s: reported %v, want %v", where, rep.Opaque, c.told)
				}
				if !read && name != "zstd, broken in the middle" { // all of it is one block
					t.Errorf("%s: what stands before the break is not shown", where)
				}
			}
		})
	}
}

// TestManyScripts tells bytes that are written as letters of every script from what people write.
func TestManyScripts(t *testing.T) {
	r := rand.New(rand.NewPCG(63, 64))
	disguised := func(from, span, n int) string {
		var b strings.Builder
		for range n {
			b.WriteRune(rune(from + r.IntN(span)))
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text string
		told bool
	}{
		"15 bits in each letter":     {disguised(' ', 1<<15, 200), true},
		"11 bits in each letter":     {disguised(0x100, 1<<11, 200), false}, // of eight scripts; a language list may have as many
		"Russian":                    {strings.Repeat("В чащах юга жил бы цитрус? Да, но фальшивый экземпляр! ", 20), false},
		"Chinese":                    {strings.Repeat("视野无限广，窗外有蓝天。微风迎客，软语伴茶。", 20), false},
		"Korean":                     {strings.Repeat("키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다. ", 20), false},
		"Arabic":                     {strings.Repeat("نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر. ", 20), false},
		"names of languages":         {strings.Repeat("English, Русский, العربية, 中文, 日本語, 한국어, ไทย, ελληνικά, עברית, हिन्दी, ქართული, ", 9), false},
		"pictures between the words": {strings.Repeat("good morning ☀️ ✨ 🎉 ☕ ✈ ♥ → … ", 20), false},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(map[string]string{"d": c.text})
			if err != nil {
				t.Fatal(err)
			}
			rep := Peel(Sent{Target: "https://a.example/", Body: body}, Limits{}, func(*Value) bool { return true })
			if told := len(rep.Opaque) > 0; told != c.told {
				t.Errorf("reported %v, want %v", rep.Opaque, c.told)
			}
		})
	}
}
