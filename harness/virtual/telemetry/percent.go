package telemetry

import "strings"

// percent escapes text as Android's Uri.encode does: letters, digits and _-!.~'()* stay, a space becomes %20.
func percent(text string) string { return escape(text, "_-!.~'()*", "%20") }

// formPercent escapes text as Java's URLEncoder does: letters, digits and .-*_ stay, a space becomes a plus.
func formPercent(text string) string { return escape(text, ".-*_", "+") }

func escape(text, keep, space string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteString(space)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
