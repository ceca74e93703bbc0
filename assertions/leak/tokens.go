package leak

import (
	"bytes"
	"crypto/sha256"
	"strings"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

// Every app sends random tokens: session ids, request ids, nonces. A short ciphertext, or a digest with a key, looks like one, and nothing
// in what was sent tells them apart. So a verdict says how many there were that could hold something of its action: those that
// went to somebody else than the recipient and were in no other window, for what is sent elsewhere too cannot speak of this action.

// Lengths of a token in bytes: 16 bytes of ciphertext at least, as hex or base64, to what is reported as opaque wherever it stands.
const (
	minToken = 22
	maxToken = 1400
)

// maxTokens bounds how many of one phone are kept; of more, fewer are counted.
const maxTokens = 100_000

// tokenShape says whether a value looks random and has room for a block of a cipher: hex or base64, a UUID among them.
func tokenShape(b []byte) bool {
	if len(b) < minToken || len(b) > maxToken {
		return false
	}
	hex, digits, upper, lower, marks := true, 0, 0, 0, 0
	var kinds [256]bool
	distinct := 0
	for _, c := range bytes.TrimRight(b, "=") {
		switch {
		case digitByte(c):
			digits++
		case c >= 'a' && c <= 'z':
			lower++
			hex = hex && c <= 'f'
		case c >= 'A' && c <= 'Z':
			upper++
			hex = hex && c <= 'F'
		case c == '-':
			marks++
			continue
		case c == '_' || c == '+' || c == '/':
			hex = false
		default:
			return false
		}
		if !kinds[c] {
			kinds[c] = true
			distinct++
		}
	}
	n := digits + upper + lower
	if hex {
		return n >= 32 && digits >= n/5 && distinct >= 8 && (upper == 0 || lower == 0)
	}
	return distinct >= 12 && digits > 0 && upper > 2 && lower > 2 && marks <= len(b)/8
}

// token is a value of tokenShape, and where it was sent.
type token struct {
	host, place string
	sum         [sha256.Size]byte
}

// tokens gathers the tokens of one message, no more than maxMessageValues. What opens, into anything that can be read, is none.
type tokens struct {
	found []token
	open  decode.Spot // of the last
	at    string      // its location
}

func (t *tokens) value(v *decode.Value) {
	if v.Whole || v.Loose || v.Trial {
		return
	}
	if n := len(t.found); n > 0 && v.Out(t.open) {
		// With its plus signs read as blanks it is the same text, and letters that stand in a row by chance open nothing.
		if layers, ok := strings.CutPrefix(v.Location(), t.at+" > "); ok && layers != "plus" && !strings.Contains(layers, "strings @") {
			t.found, t.open = t.found[:n-1], decode.Spot{}
		}
	}
	if v.Kind == decode.Text && len(t.found) < maxMessageValues && tokenShape(v.Data) {
		t.open, t.at = v.Spot(), v.Location()
		t.found = append(t.found, token{place: placeOf(t.at), sum: sha256.Sum256(v.Data)})
	}
}

// sentToken is a flow that carried a token, and the attempt in whose window, 0 for none.
type sentToken struct {
	seen    int // index in phone.seen of the first
	attempt int64
	again   bool // in another window too
}

// noteTokens takes over the tokens of one flow.
func (p *phone) noteTokens(seen int) {
	at := &p.seen[seen]
	tokens := at.tokens
	at.tokens = nil
	if len(tokens) == 0 || p.ours(at.flow) || at.flow.Kind != flow.KindExchange && at.flow.Kind != flow.KindMessage {
		return
	}
	host, attempt := p.host(at.flow), p.windowOf(at.flow, func(*Attempt) bool { return true })
	for _, t := range tokens {
		t.host = host
		if old, ok := p.tokens[t]; ok {
			old.again = old.again || old.attempt != attempt
			p.tokens[t] = old
		} else if len(p.tokens) < maxTokens {
			p.tokens[t] = sentToken{seen: seen, attempt: attempt}
		}
	}
}

// tokensOf counts the tokens that could hold something of an attempt.
func (p *phone) tokensOf(a *Attempt) (n int) {
	for _, t := range p.tokens {
		at := &p.seen[t.seen]
		if t.attempt == a.ID && !t.again && p.concerns(a, at) && !p.toRecipient(a, at.flow) {
			n++
		}
	}
	return n
}
