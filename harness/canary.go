package harness

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Canary is unique text that an action gives to its app, with the one party it is meant for. Each attempt of a cell
// gets a value of its own, so that a finding names the attempt it came from.
type Canary struct {
	label     string
	kind      string // leak.ValueText or leak.ValueURL
	recipient string // host
	mint      func(n int) string
	current   leak.Secret
	ids       []string
}

// Value is the text of the attempt under way. An action reads it while it runs, never before.
func (c *Canary) Value() string { return c.current.Value }

// Recipient is the host that the canary is meant for.
func (c *Canary) Recipient() string { return c.recipient }

// Label says what the canary stands for.
func (c *Canary) Label() string { return c.label }

// IDs lists the ids in secrets.jsonl of the values minted so far.
func (c *Canary) IDs() []string { return c.ids }

// Mint makes canaries from the seed of a run: the same seed, cell, label and attempt give the same value, so a query
// that is found in a capture is bound to its run.
type Mint struct{ Seed string }

// Text returns two uncommon words and eight hex digits, for instance "quokka gantry 4f1c8a9e": words, so that a
// detector must cope with splitting, and digits, so that no one else says them.
func (m Mint) Text(key leak.Key, label string, n int) string {
	sum := m.sum(key, label, n)
	a := binary.BigEndian.Uint16(sum[0:]) % uint16(len(words))
	b := binary.BigEndian.Uint16(sum[2:]) % uint16(len(words)-1)
	if b >= a { // never the same word twice
		b++
	}
	return words[a] + " " + words[b] + " " + hex.EncodeToString(sum[4:8])
}

// Word returns the same without its blanks: what one long press on a field selects whole.
func (m Mint) Word(key leak.Key, label string, n int) string {
	return strings.ReplaceAll(m.Text(key, label, n), " ", "")
}

// URL returns a page of a host that nobody else asks for.
func (m Mint) URL(key leak.Key, label, host string, n int) string {
	u := url.URL{Scheme: "https", Host: host, Path: "/" + strings.ReplaceAll(m.Text(key, label, n), " ", "-")}
	return u.String()
}

// FileURL returns a file of our own site that nobody else asks for.
func (m Mint) FileURL(key leak.Key, label, host string, n int) string {
	u := url.URL{Scheme: "https", Host: host, Path: "/download/" + strings.ReplaceAll(m.Text(key, label, n), " ", "-") + ".bin"}
	return u.String()
}

func (m Mint) sum(key leak.Key, label string, n int) []byte {
	h := hmac.New(sha256.New, []byte(m.Seed))
	for _, part := range []string{key.Phone, key.Browser, key.Scenario, key.Variant, label, fmt.Sprint(n)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}

// words are rare in queries, pronounceable, ASCII, and no prefix of each other.
var words = []string{
	"quokka", "gantry", "zephyr", "bodkin", "marzipan", "okapi", "thimble", "wombat", "fjord", "plinth", "kestrel",
	"vellum", "turnip", "sextant", "lacquer", "mongoose", "periwinkle", "trombone", "axolotl", "bassoon", "cobbler",
	"dulcimer", "ermine", "flotsam", "gherkin", "hemlock", "isthmus", "jonquil", "kumquat", "lozenge", "mistral",
	"nougat", "obelisk", "pangolin", "quiver", "rhubarb", "samovar", "tapioca", "umlaut", "vicuna", "walrus", "xylem",
	"yodel", "zinnia", "abacus", "burdock", "catkin", "dormouse", "egret", "ferrule", "gimlet", "hatpin",
}
