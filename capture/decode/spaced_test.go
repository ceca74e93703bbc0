package decode

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestBase64AmongSpaces tells base64 in lines and in groups, whatever it holds, from sentences, of which base64 is only
// looked for what it gives by itself.
func TestBase64AmongSpaces(t *testing.T) {
	message := append([]byte{0x08, 0x96, 0x01, 0x12, 0x18}, "a name that is 24 letters"[:24]...)
	packed := base64.StdEncoding.EncodeToString(append(message, 0x18, 0xff, 0xff, 0xff, 0x7f, 0x21, 0xf0, 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7))
	inLines := func(n int, glue string) string {
		return regexp.MustCompile(fmt.Sprintf(".{%d}", n)).ReplaceAllString(packed, "$0"+glue)
	}
	sentence := "some words and numbers 13245076 and then 867 more of them"
	for _, c := range []struct {
		name, key, text string
		layer, opaque   bool
	}{
		{"in one piece", "d", packed, true, false},
		{"in lines of 40", "d", inLines(40, `\n`), true, false},
		{"in lines of 20 with spaces", "d", inLines(20, " "), true, false},
		{"in groups of four", "d", inLines(4, " "), true, false},
		{"in lines that are not alike", "d", packed[:17] + " " + packed[17:40] + " " + packed[40:], true, false},
		{"a sentence", "d", sentence, false, false},
		{"a sentence that is called encrypted", "encrypted_text", sentence, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := false
			body := fmt.Sprintf(`{"%s":"%s"}`, c.key, c.text)
			rep := Peel(Sent{Kind: KindMessage, Body: []byte(body)}, Limits{}, func(v *Value) bool {
				at := v.Location()
				found = found || strings.Contains(at, "> base64 > protobuf")
				return true
			})
			if c.layer != found && !c.opaque {
				t.Errorf("what the base64 holds was read: %v, want %v", found, c.layer)
			}
			if opaque := len(rep.Opaque) > 0; opaque != c.opaque {
				t.Errorf("reported as opaque: %v, want %v: %+v", opaque, c.opaque, rep.Opaque)
			}
		})
	}
}
