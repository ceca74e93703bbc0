package capture

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	encoding "encoding/asn1"
	"errors"
	"math/big"
	"net"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers that a leaf needs (RFC 5280, section 4.2.1, and RFC 5758, section 3.2).
var (
	oidECDSAWithSHA256 = encoding.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidKeyUsage        = encoding.ObjectIdentifier{2, 5, 29, 15}
	oidExtKeyUsage     = encoding.ObjectIdentifier{2, 5, 29, 37}
	oidServerAuth      = encoding.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	oidAuthorityKeyID  = encoding.ObjectIdentifier{2, 5, 29, 35}
	oidSubjectAltName  = encoding.ObjectIdentifier{2, 5, 29, 17}
)

// digitalSignature is the KeyUsage of a leaf: a bit string with seven bits unused.
var digitalSignature = []byte{byte(asn1.BIT_STRING), 2, 7, 0x80}

var errNotASCII = errors.New("a name with bytes that are not ASCII")

// leaf makes and signs the certificate for a host name or an IP address. The bytes are those of
// x509.CreateCertificate, which a test holds it to; that encodes by reflection and verifies what it has just signed,
// half of what a new name cost.
func (m *minter) leaf(name string, number *big.Int, now time.Time) ([]byte, error) {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return nil, errNotASCII
		}
	}
	tbs, err := m.unsigned(name, number, now)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(tbs)
	signature, err := ecdsa.SignASN1(rand.Reader, m.ca.key, digest[:])
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		addAlgorithm(b)
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}

// unsigned gives the TBSCertificate (RFC 5280, section 4.1). The name stands in the subject alternative name alone: a
// common name is bounded to 64 characters and no client that matters reads it.
func (m *minter) unsigned(name string, number *big.Int, now time.Time) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) }) // v3
		b.AddASN1BigInt(number)
		addAlgorithm(b)
		b.AddBytes(m.ca.cert.RawSubject)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addTime(b, now.Add(-skew))
			addTime(b, now.Add(leafLife))
		})
		b.AddASN1(asn1.SEQUENCE, func(*cryptobyte.Builder) {}) // no subject
		b.AddBytes(m.public)
		b.AddASN1(asn1.Tag(3).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { m.addExtensions(b, name) })
		})
	})
	return b.Bytes()
}

func (m *minter) addExtensions(b *cryptobyte.Builder, name string) {
	addExtension(b, oidKeyUsage, true, func(b *cryptobyte.Builder) { b.AddBytes(digitalSignature) })
	addExtension(b, oidExtKeyUsage, false, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidServerAuth) })
	})
	if id := m.ca.cert.SubjectKeyId; len(id) > 0 {
		addExtension(b, oidAuthorityKeyID, false, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addTagged(b, 0, id) })
		})
	}
	addExtension(b, oidSubjectAltName, true, func(b *cryptobyte.Builder) { // critical: there is no subject
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			ip := net.ParseIP(name)
			if v4 := ip.To4(); v4 != nil {
				ip = v4
			}
			if ip != nil {
				addTagged(b, 7, ip)
			} else {
				addTagged(b, 2, []byte(name))
			}
		})
	})
}

func addExtension(b *cryptobyte.Builder, id encoding.ObjectIdentifier, critical bool, value func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(id)
		if critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1(asn1.OCTET_STRING, value)
	})
}

func addTagged(b *cryptobyte.Builder, tag asn1.Tag, value []byte) {
	b.AddASN1(tag.ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(value) })
}

func addAlgorithm(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidECDSAWithSHA256) })
}

// addTime writes a moment to the second: as UTCTime until 2049 (RFC 5280, section 4.1.2.5).
func addTime(b *cryptobyte.Builder, t time.Time) {
	if t = t.UTC(); t.Year() < 2050 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}
