package capture

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"
)

// TestALeafIsWhatCryptoX509WouldMake holds our encoding to the library's, byte for byte, but for the signature.
func TestALeafIsWhatCryptoX509WouldMake(t *testing.T) {
	ca, err := LoadOrCreateCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMinter(ca, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, c := range []struct {
		name, host string
		at         time.Time
	}{
		{"a name", "api.example.test", now},
		{"a long name", strings.Repeat("a.", 120) + "test", now},
		{"IPv4", "192.0.2.7", now},
		{"IPv6", "2001:db8::7", now},
		{"an IPv4 address in IPv6", "::ffff:192.0.2.7", now},
		{"across the end of UTCTime", "late.test", time.Date(2049, 12, 31, 12, 0, 0, 0, time.UTC)},
	} {
		t.Run(c.name, func(t *testing.T) {
			template := &x509.Certificate{SerialNumber: serial(), NotBefore: c.at.Add(-skew), NotAfter: c.at.Add(leafLife),
				KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
			if ip := net.ParseIP(c.host); ip != nil {
				template.IPAddresses = []net.IP{ip}
			} else {
				template.DNSNames = []string{c.host}
			}
			der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &m.key.PublicKey, ca.key)
			if err != nil {
				t.Fatal(err)
			}
			want, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			if der, err = m.leaf(c.host, template.SerialNumber, c.at); err != nil {
				t.Fatal(err)
			}
			got, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.RawTBSCertificate, want.RawTBSCertificate) {
				t.Errorf("ours\n%x\nthe library's\n%x", got.RawTBSCertificate, want.RawTBSCertificate)
			}
			if err := got.CheckSignatureFrom(ca.cert); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := m.leaf("b\u00fccher.test", serial(), now); err == nil {
		t.Error("a name that is not ASCII got a certificate")
	}
}
