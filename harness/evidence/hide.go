package evidence

import (
	"os"
	"regexp"
	"strings"
)

// The shortest value that is hidden, for less would be found in ordinary words, and the longest, for the rest is no name.
const (
	minHidden = 6
	maxHidden = 500
)

// wordy finds what was put into words, and not read as a fact: errors of adb name the serial, errors of files a folder of
// whoever runs telltale. attempts.jsonl and phone.jsonl are published with it, and so is every reason of a verdict.
var wordy = regexp.MustCompile(`"(?:detail|what|got|unknown)":"(?:[^"\\]|\\.)*"`)

// address is a mail address. Screens show whose phone it is, and the texts nearest to what was looked for are quoted.
var address = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}`)

// Hide has a value written as something else wherever a line of attempts.jsonl or phone.jsonl speaks of it in words. Identifiers
// that AppendSecret wrote down are hidden without it.
func (p *Phone) Hide(value, as string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hide(value, as)
}

// hide is Hide for who holds mu.
func (p *Phone) hide(value, as string) {
	raw, err := encodeLine(value)
	quoted := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(raw)), `"`), `"`)
	if err != nil || len(value) < minHidden || len(value) > maxHidden {
		return
	}
	p.hidden = append(p.hidden, quoted, strings.Trim(as, `"\`))
}

// veiled gives a line without what is hidden.
func (p *Phone) veiled(line []byte) []byte {
	instead := strings.NewReplacer(p.hidden...)
	return wordy.ReplaceAllFunc(line, func(text []byte) []byte {
		return address.ReplaceAll([]byte(instead.Replace(string(text))), []byte("(mail address)"))
	})
}

// homeless are the values that are hidden for whoever runs telltale.
func homeless() []string {
	home, err := os.UserHomeDir()
	if err != nil || len(home) < minHidden {
		return nil
	}
	return []string{home, "~"}
}
