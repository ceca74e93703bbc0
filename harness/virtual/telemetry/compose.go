package telemetry

import (
	"fmt"
	"slices"
	"strings"
)

// maxLayers bounds a composition.
const maxLayers = 8

// genericBatch is how many events a composed document holds.
const genericBatch = 20

// composition is an encoding put together from its parts.
type composition struct {
	carrier  carrier
	document func(Batch, *places) (parts, error)
	layers   []layer
}

// part is one value to be carried under a key.
type part struct {
	key  string
	data []byte
}

type parts []part

// compose parses CARRIER:DOCUMENT[+LAYER...].
func compose(text string) (Encoding, bool) {
	head, rest, ok := strings.Cut(text, ":")
	if !ok {
		return Encoding{}, false
	}
	words := strings.Split(rest, "+")
	var c composition
	var known bool
	if c.carrier, known = carriers()[head]; !known || len(words) > maxLayers+1 {
		return Encoding{}, false
	}
	if c.document, known = documents()[words[0]]; !known {
		return Encoding{}, false
	}
	readable, table := !c.carrier.sealed, layers()
	for _, word := range words[1:] {
		l, known := table[word]
		if !known {
			return Encoding{}, false
		}
		readable = readable && !l.sealed
		c.layers = append(c.layers, l)
	}
	if c.carrier.encodes && (len(c.layers) == 0 || c.layers[len(c.layers)-1].coding == "") {
		return Encoding{}, false
	}
	batch := genericBatch
	if words[0] == "value" {
		batch = 1
	}
	return Encoding{Batch: batch, Readable: readable, Encode: c.encode}, true
}

// encode makes the document, applies the layers to each part, and has the carrier carry them.
func (c composition) encode(b Batch) (Request, error) {
	var p places
	all, err := c.document(b, &p)
	if err != nil {
		return Request{}, err
	}
	var chain []string // of the layers, outermost first
	for _, l := range slices.Backward(c.layers) {
		chain = append(chain, l.word)
	}
	coding := ""
	if n := len(c.layers); c.carrier.encodes && n > 0 {
		chain[0] = "content-encoding " + c.layers[n-1].coding
		coding = c.layers[n-1].coding
	}
	for k := range all {
		for _, l := range c.layers {
			if all[k].data, err = l.apply(all[k].data); err != nil {
				return Request{}, fmt.Errorf("applying %s: %w", l.word, err)
			}
		}
	}
	r, err := c.carrier.carry(b, all)
	if err != nil {
		return Request{}, err
	}
	if coding != "" {
		r.Header.Set("Content-Encoding", coding)
	}
	for k := range p.list {
		// A document's chain begins with the key of its part, then says the place inside.
		key, place := p.list[k].Chain[0], p.list[k].Chain[1:]
		p.list[k].Chain = slices.Concat(c.carrier.words(key), chain, place)
	}
	r.Carries = p.list
	return r, nil
}
