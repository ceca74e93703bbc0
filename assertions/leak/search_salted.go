package leak

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/decode"
)

// Digests with a salt or a key look like any token. Only a message that names a salt is worth a second pass: the salt is
// then tried with every needle, and every digest that none explains is reported, for it hides something on purpose.

// salted is what the second pass collects.
type salted struct {
	salts   [][]byte
	digests []saltedDigest
	more    bool // digests than are kept
}

type saltedDigest struct {
	sum        []byte
	location   string
	transforms []string
	text       []byte
}

const (
	maxSalts         = 8
	maxSaltedDigests = 256
)

// namesSalt says whether decode met a value that calls itself a salt.
func namesSalt(names []decode.Name) bool {
	for _, n := range names {
		if n.Name == decode.NameSalted {
			return true
		}
	}
	return false
}

// collect takes salts by their name and digests by their length.
func (c *salted) collect(v *decode.Value) bool {
	if v.Kind != decode.Text || len(v.Data) < 4 || len(v.Data) > 128 || v.Whole {
		return true
	}
	loc := v.Location()
	name := strings.ToLower(loc[strings.LastIndexAny(loc, ". ")+1:])
	if strings.Contains(name, "salt") && !strings.HasSuffix(name, "(key)") {
		if len(c.salts) < maxSalts {
			c.salts = append(c.salts, bytes.Clone(v.Data))
		}
		return true
	}
	sum, err := hex.DecodeString(string(v.Data))
	if err != nil {
		if sum, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(string(v.Data), "=")); err != nil {
			return true
		}
	}
	switch len(sum) {
	case md5.Size, sha1.Size, sha256.Size, sha512.Size:
		if c.more = c.more || len(c.digests) >= maxSaltedDigests; !c.more {
			c.digests = append(c.digests, saltedDigest{sum, loc, v.Transforms(), bytes.Clone(v.Data)})
		}
	}
	return true
}

// saltedPass runs the second pass and gives the hits, the digests that stay closed, and whether there were more than are tried.
func (s *Searcher) saltedPass(sent decode.Sent, found []Hit) (hits []Hit, closed []decode.OpaquePart, more bool) {
	var c salted
	decode.Peel(sent, s.limits, c.collect)
	// Two values may stand at one place, as members of an object that has a name twice.
	explained := map[string][][]byte{}
	for _, h := range found {
		explained[h.Location] = append(explained[h.Location], h.Value)
	}
	for _, d := range c.digests {
		if slices.ContainsFunc(explained[d.location], func(v []byte) bool { return bytes.Contains(d.text, v) }) {
			continue
		}
		if n, names, ok := s.unsalt(d.sum, c.salts); ok {
			hits = append(hits, Hit{Needle: s.needles[n].ID, Class: ClassHashed, Location: d.location, Transforms: append(d.transforms, names...),
				Value: d.text, Preview: preview(s.needles[n].Kind, d.text, 0, len(d.text))})
			continue
		}
		closed = append(closed, decode.OpaquePart{Location: d.location, Reason: "unknown: salted digest", Bytes: len(d.sum)})
	}
	return hits, closed, c.more
}

var saltedHashes = []struct {
	name string
	make func() hash.Hash
}{{"md5", md5.New}, {"sha1", sha1.New}, {"sha256", sha256.New}, {"sha512", sha512.New}}

// unsalt tries every needle with every salt.
func (s *Searcher) unsalt(sum []byte, salts [][]byte) (needle int, names []string, ok bool) {
	for _, h := range saltedHashes {
		if h.make().Size() != len(sum) {
			continue
		}
		for i, n := range s.needles {
			if n.Kind == ValueMarker {
				continue
			}
			for _, value := range []string{n.Value, strings.ToLower(n.Value)} {
				for _, salt := range saltForms(salts) {
					for _, glue := range []string{"", ":", "|", "-", "_", "."} {
						if digestIs(h.make(), sum, salt, []byte(glue), []byte(value)) || digestIs(h.make(), sum, []byte(value), []byte(glue), salt) {
							return i, []string{"salted", h.name}, true
						}
					}
					m := hmac.New(h.make, salt)
					m.Write([]byte(value))
					if bytes.Equal(m.Sum(nil), sum) {
						return i, []string{"hmac", h.name}, true
					}
				}
			}
		}
	}
	return 0, nil, false
}

func digestIs(h hash.Hash, sum []byte, parts ...[]byte) bool {
	for _, p := range parts {
		h.Write(p)
	}
	return bytes.Equal(h.Sum(nil), sum)
}

// saltForms gives salts as they stand, and as the bytes that they may be the hex or base64 of.
func saltForms(salts [][]byte) (out [][]byte) {
	for _, s := range salts {
		out = append(out, s)
		if b, err := hex.DecodeString(string(s)); err == nil {
			out = append(out, b)
		}
		if b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(s), "=")); err == nil {
			out = append(out, b)
		}
	}
	return out
}
