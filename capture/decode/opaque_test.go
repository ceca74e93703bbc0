package decode

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
)

func random(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 9))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func protoBytes(field int, b []byte) []byte {
	return append(append([]byte{byte(field<<3 | 2)}, varint(len(b))...), b...)
}

func wrapped(s string, width int) string {
	var lines []string
	for ; len(s) > width; s = s[width:] {
		lines = append(lines, s[:width])
	}
	return strings.Join(append(lines, s), "\n")
}

// TestOpaque holds what is reported against what is not, each beside its like.
func TestOpaque(t *testing.T) {
	var floats, counts []byte
	for i := range 40 {
		floats = binary.LittleEndian.AppendUint64(floats, math.Float64bits(9.81+float64(i)/100))
		counts = append(counts, varint(i*37%300)...)
	}
	b64 := base64.StdEncoding.EncodeToString
	token := func(n int) string { return b64(random(n)) }
	jwt := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"x"}`)) + "." + base64.RawURLEncoding.EncodeToString(random(256))
	jwe := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM"}`)) + ".." + base64.RawURLEncoding.EncodeToString(random(12)) + "." + base64.RawURLEncoding.EncodeToString(random(90)) + "." + base64.RawURLEncoding.EncodeToString(random(16))
	for _, c := range []struct {
		name string
		sent Sent
		want string // location and reason of what is reported
	}{
		{"random body", Sent{Body: random(300)}, "body: unknown: high entropy"},
		{"random body of two blocks", Sent{Body: random(32)}, "body: unknown: high entropy"},
		{"random message", Sent{Kind: KindMessage, Body: random(40)}, "message: unknown: high entropy"},
		{"random field", Sent{Body: []byte(`{"d":"` + token(100) + `"}`)}, "body > json $.d > base64: unknown: high entropy"},
		{"token as long as sha512", Sent{Body: []byte(`{"d":"` + token(64) + `"}`)}, ""},
		{"short field that says it is encrypted", Sent{Body: []byte(`{"encrypted_id":"` + token(32) + `"}`)}, "body > json $.encrypted_id > base64: encrypted: by its name"},
		{"short field with a plain name", Sent{Body: []byte(`{"identity":"` + token(32) + `"}`)}, ""},
		{"hex digest", Sent{Body: []byte(`{"d":"` + fmt.Sprintf("%x", random(32)) + `"}`)}, ""},
		{"long hex", Sent{Body: []byte(`{"d":"` + fmt.Sprintf("%x", random(100)) + `"}`)}, "body > json $.d > hex: unknown: high entropy"},
		{"query", Sent{Target: "https://a.example/?d=" + base64.RawURLEncoding.EncodeToString(random(100))}, "query d > base64url: unknown: high entropy"},
		{"credential in a header", Sent{Target: "https://a.example/", Headers: []flow.Header{{Name: "Authorization", Value: "Bearer " + token(200)}}}, ""},
		{"large value in a header", Sent{Target: "https://a.example/", Headers: []flow.Header{{Name: "X-Data", Value: token(2000)}}}, "header X-Data > base64: unknown: high entropy"},
		{"random bytes in protobuf", Sent{Body: append(protoBytes(1, []byte("velvet")), protoBytes(2, random(200))...)}, "body > protobuf $.2: unknown: high entropy"},
		{"packed floats in protobuf", Sent{Body: append(protoBytes(1, []byte("velvet")), protoBytes(2, floats)...)}, ""},
		{"packed counts in protobuf", Sent{Body: append(protoBytes(1, []byte("velvet")), protoBytes(2, counts)...)}, ""},
		{"random text of an element", Sent{Body: []byte(`<r><d>` + token(100) + `</d></r>`)}, "body > xml d > base64: unknown: high entropy"},
		{"digest in an element", Sent{Body: []byte(`<r><d>` + token(64) + `</d></r>`)}, ""},
		{"random CDATA", Sent{Body: []byte(`<r><d><![CDATA[` + token(100) + `]]></d></r>`)}, "body > xml d > base64: unknown: high entropy"},
		{"random line after a document", Sent{Body: append([]byte("{\"v\":1}\n"), random(300)...)}, "body > line #2: unknown: high entropy"},
		{"random token between documents", Sent{Body: []byte("{\"v\":1}\n" + token(100) + "\n{\"v\":2}\n")}, "body > line #2 > base64: unknown: high entropy"},
		{"random token beside a document", Sent{Body: []byte(`log {"v":"words"} ` + token(100))}, "body > @18 > base64: unknown: high entropy"},
		{"random token in a document beside text", Sent{Body: []byte(`log {"v":"` + token(100) + `"} sent`)}, "body > json @4 $.v > base64: unknown: high entropy"},
		{"random bytes behind gzip", Sent{Body: append(append([]byte(nil), gzipped(t, []byte(`{"a":"hello"}`))...), random(300)...)}, "body > @37: unknown: high entropy"},
		{"checksum behind gzip", Sent{Body: append(append([]byte(nil), gzipped(t, []byte(`{"a":"hello"}`))...), random(32)...)}, ""},
		{"short hex that says it is encrypted", Sent{Body: []byte(`{"cipherText":"` + fmt.Sprintf("%x", random(32)) + `"}`)}, "body > json $.cipherText > hex: encrypted: by its name"},
		{"armour", Sent{Body: []byte("-----BEGIN PGP MESSAGE-----\n\n" + wrapped(token(150), 64) + "\n=abcd\n-----END PGP MESSAGE-----\n")}, "body > @29 > base64: unknown: high entropy"},
		{"armour of text", Sent{Body: []byte("-----BEGIN NOTE-----\n\n" + wrapped(b64([]byte(strings.Repeat("words of a note ", 12))), 64) + "\n-----END NOTE-----\n")}, ""},
		{"signed token", Sent{Body: []byte(`{"token":"` + jwt + `"}`)}, ""},
		{"encrypted token", Sent{Body: []byte(`{"token":"` + jwe + `"}`)}, "body > json $.token > jwt: encrypted: jwe"},
		{"picture", Sent{Body: append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), random(500)...)}, "body: media: image/jpeg"},
		{"picture in a field", Sent{Body: []byte(`{"shot":"` + b64(append([]byte("\x89PNG\r\n\x1a\n"), random(500)...)) + `"}`)}, "body > json $.shot > base64: media: image/png"},
		{"prose", Sent{Body: []byte("It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness.")}, ""},
		{"a long name", Sent{Body: []byte(`{"c":"com.example.analytics.internal.persistence.ThisIsTheLongestClassNameThatAnybodyEverWroteDownInJavaFactoryBean"}`)}, ""},
		{"a list of names", Sent{Body: []byte("c=alpha_beta_gamma,delta-epsilon-zeta,eta_theta_iota,kappa-lambda-mu,nu_xi_omicron,pi-rho-sigma,tau_upsilon_phi,chi-psi-omega")}, ""},
		{"one byte combined with all", Sent{Body: xorWith(0x5a, []byte(`{"event":"search","words":"velvet okapi","n":12}`))}, "body: disguised: xor"},
		{"a masked key", Sent{Body: []byte(`{"license":"` + strings.Repeat("*", 40) + `"}`)}, ""},
		{"punctuation", Sent{Body: []byte(`{"ruler":"` + strings.Repeat("-=", 60) + `"}`)}, ""},
		{"text combined with two bytes in turn", Sent{Body: twoBytes([]byte(`{"event":"search","words":"velvet okapi","n":12}`))}, "body: unknown: text of no kind"},
		{"nothing", Sent{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rep := Peel(c.sent, Limits{}, func(*Value) bool { return true })
			got := ""
			for i, o := range rep.Opaque {
				if i > 0 {
					got += "; "
				}
				got += o.Location + ": " + o.Reason
				if o.Bytes <= 0 || o.Entropy < 0 || o.Entropy > 8000 {
					t.Errorf("%+v", o)
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func xorWith(k byte, b []byte) []byte {
	for i := range b {
		b[i] ^= k
	}
	return b
}

func twoBytes(b []byte) []byte {
	for i := range b {
		b[i] ^= []byte{0x5a, 0x13}[i&1]
	}
	return b
}

func TestEntropy(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want int
	}{
		{"nothing", nil, 0}, {"one letter", []byte("aaaaaaaa"), 0}, {"two letters", []byte("abababab"), 1000}, {"four letters", []byte("abcdabcd"), 2000},
		{"every byte", all, 8000}, {"three in four", []byte("aaab"), 811},
	} {
		if got := entropy(c.b); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
