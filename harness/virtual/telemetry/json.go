package telemetry

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object is a JSON object whose members stay in order, as in the kits' own maps.
type object []member

type member struct {
	key   string
	value any // string, bool, int, int64, object, []any
}

// slashes says how a writer treats the solidus.
type slashes bool

const (
	plainSlash   slashes = false
	escapedSlash slashes = true // Android's org.json writes \/
)

// writeJSON writes a value without any white space. Text beyond ASCII stays as it is; bytes that are not UTF-8 become U+FFFD.
func writeJSON(b *strings.Builder, v any, s slashes) {
	switch v := v.(type) {
	case string:
		writeText(b, v, s)
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int:
		b.WriteString(strconv.Itoa(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case object:
		b.WriteByte('{')
		for i, m := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, m.key, s)
			b.WriteByte(':')
			writeJSON(b, m.value, s)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, e, s)
		}
		b.WriteByte(']')
	default:
		writeText(b, fmt.Sprint(v), s)
	}
}

func writeText(b *strings.Builder, text string, s slashes) {
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\' || r == '/' && s == escapedSlash:
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20:
			fmt.Fprintf(b, `\u%04x`, r)
		case r == utf8.RuneError:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

func jsonText(v any, s slashes) string {
	var b strings.Builder
	writeJSON(&b, v, s)
	return b.String()
}
