package apps

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	maxBlocks     = 40
	maxBlockBytes = 1000
	maxTokens     = 20_000
)

// readable is the text of a page as a screen reader would see it: its title, and its paragraphs in order. A field of a
// form shows its value.
func readable(body []byte, contentType string) (title string, blocks []string, takes form) {
	if contentType != "" && !strings.Contains(contentType, "html") {
		if strings.HasPrefix(contentType, "text/") || strings.Contains(contentType, "json") {
			return "", []string{cut(strings.ToValidUTF8(string(body), "."))}, form{}
		}
		return "", []string{contentType}, form{}
	}
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(1 << 20)
	var text strings.Builder
	skip, inTitle := 0, false
	flush := func() {
		if t := strings.Join(strings.Fields(text.String()), " "); t != "" && len(blocks) < maxBlocks {
			blocks = append(blocks, cut(t))
		}
		text.Reset()
	}
	for range maxTokens {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			flush()
			return title, blocks, takes
		case html.TextToken:
			switch {
			case inTitle:
				title = cut(strings.Join(strings.Fields(title+string(z.Text())), " "))
			case skip == 0 && text.Len() < 4*maxBlockBytes:
				text.Write(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			token := z.Token()
			if kind != html.EndTagToken {
				formOf(&takes, token)
			}
			open := kind == html.StartTagToken
			switch token.DataAtom {
			case atom.Script, atom.Style, atom.Noscript, atom.Template:
				if open {
					skip++
				} else if skip > 0 && kind == html.EndTagToken {
					skip--
				}
			case atom.Title:
				inTitle = open
			case atom.Input, atom.Textarea:
				flush()
				if v := visibleValue(token); v != "" && len(blocks) < maxBlocks {
					blocks = append(blocks, cut(v))
				}
			case atom.A, atom.B, atom.I, atom.Em, atom.Strong, atom.Span, atom.Code, atom.Small, atom.Mark:
			default:
				flush()
			}
		}
	}
	flush()
	return title, blocks, takes
}

func visibleValue(t html.Token) string {
	kind, value := "text", ""
	for _, a := range t.Attr {
		switch a.Key {
		case "type":
			kind = strings.ToLower(a.Val)
		case "value":
			value = a.Val
		}
	}
	if kind == "hidden" || kind == "password" {
		return ""
	}
	return value
}

func cut(s string) string {
	if len(s) <= maxBlockBytes {
		return s
	}
	s = s[:maxBlockBytes]
	for !utf8.ValidString(s) && s != "" {
		s = s[:len(s)-1]
	}
	return s
}
