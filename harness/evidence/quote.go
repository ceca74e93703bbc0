package evidence

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// greetings are texts by which a page is known to speak for some product. They are recognised in a quotation, and decide
// nothing.
var greetings = []struct{ says, of string }{
	// The Android kit of Sensors Analytics compares its server's page with this sentence; Forbes quoted it on 2020-04-30.
	{"Sensors Analytics is ready to receive your data!", "the greeting of a Sensors Analytics collector, as its own Android kit knows it"},
}

// maxQuote bounds a quotation, in characters.
const maxQuote = 300

// Quote is what a page says to people, in one line; empty if it says nothing, or is no text.
func (b *AnswerBody) Quote() string {
	if b == nil || !utf8.Valid(trimRune(b.Bytes)) || bytes.IndexByte(b.Bytes, 0) >= 0 {
		return ""
	}
	var words []string
	z := html.NewTokenizer(bytes.NewReader(trimRune(b.Bytes)))
	z.SetMaxBuf(int(maxAnswers))
	hidden := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return safe.Line(strings.Join(words, " "), maxQuote)
		case html.StartTagToken:
			name, _ := z.TagName()
			if n := string(name); n == "script" || n == "style" || n == "noscript" {
				hidden = n
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == hidden {
				hidden = ""
			}
		case html.TextToken:
			if hidden == "" && len(words) < maxQuote {
				words = append(words, strings.Fields(string(z.Text()))...)
			}
		}
	}
}

// trimRune drops a character that was cut in two at the end.
func trimRune(b []byte) []byte {
	for i := 1; i <= 3 && i <= len(b); i++ {
		if r := b[len(b)-i:]; utf8.RuneStart(r[0]) {
			if !utf8.FullRune(r) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

// greeting says whose greeting a page is; empty if it is none that is known.
func greeting(quote string) string {
	for _, g := range greetings {
		if strings.Contains(strings.ToLower(quote), strings.ToLower(g.says)) {
			return g.of
		}
	}
	return ""
}

// Said is an answer in one line.
func (x Answer) Said() string {
	if len(x.Steps) == 0 || x.Steps[len(x.Steps)-1].Status == 0 {
		return x.Error
	}
	last := x.Steps[len(x.Steps)-1]
	text := fmt.Sprintf("%d", last.Status)
	if quote := last.Body.Quote(); quote != "" {
		text += fmt.Sprintf(" %q", quote)
	}
	if x.Error != "" {
		text += " (" + x.Error + ")"
	}
	return text
}
