package phone

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"
	"time"
)

func certificate(t *testing.T, ca bool) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: ca,
		BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestCertificateStore(t *testing.T) {
	der := certificate(t, true)
	armoured := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for _, c := range []struct {
		name string
		file []byte
		ok   bool
	}{
		{"PEM", armoured, true}, {"DER", der, true}, {"no CA", certificate(t, false), false},
		{"a key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), false}, {"nothing", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testPhone(t)
			_, err := p.Certs.Install(c.file)
			if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrNotCA) {
				t.Fatalf("install: %v", err)
			}
			p.Reboot()
			if got := len(p.Certs.All()); (got == 1) != c.ok {
				t.Errorf("%d certificates after a reboot", got)
			}
		})
	}
}

func TestSameSeedSamePhone(t *testing.T) {
	a, b, c := NewIdentity("1"), NewIdentity("1"), NewIdentity("2")
	if a != b || a.UUID("x") != b.UUID("x") {
		t.Error("a seed must always give the same identifiers")
	}
	if a.Serial == c.Serial || a.AndroidID == c.AndroidID || a.UUID("x") == c.UUID("x") || a.UUID("x") == a.UUID("y") {
		t.Error("two seeds, or two purposes, must not share identifiers")
	}
	if len(a.Serial) != 8 || len(a.AndroidID) != 16 || len(a.UUID("x")) != 36 || a.UUID("x")[14] != '4' {
		t.Errorf("shape of %+v %s", a, a.UUID("x"))
	}
}

func TestKeyguard(t *testing.T) {
	p := testPhone(t).Power
	p.Sleep()
	if p.Awake() || !p.Locked() || p.Dismiss() {
		t.Error("asleep: locked, and a swipe does nothing")
	}
	p.Wake()
	if !p.Awake() || !p.Locked() || !p.Dismiss() || p.Locked() {
		t.Error("awake without a PIN: a swipe unlocks")
	}
	p.SetPIN("1234")
	if p.Dismiss() || p.Unlock("0000") || !p.Unlock("1234") {
		t.Error("with a PIN only the PIN unlocks")
	}
}

func TestLogKeepsItsBound(t *testing.T) {
	l := testPhone(t).Log
	_, from, more := l.Read(0)
	for range maxLogEntries + 10 {
		l.Printf('I', 1, "tag", "line")
	}
	select {
	case <-more:
	default:
		t.Error("a reader must be woken")
	}
	got, next, _ := l.Read(from)
	if len(got) != maxLogEntries || next != from+maxLogEntries+10 {
		t.Errorf("%d entries, next %d", len(got), next)
	}
	l.Clear()
	if got, _, _ := l.Read(0); len(got) != 0 {
		t.Errorf("%d entries after clearing", len(got))
	}
}

func TestBounds(t *testing.T) {
	p := testPhone(t)
	for i := range maxSettings * 2 {
		p.Settings.Put(System, string(rune('a'+i%26))+time.Duration(i).String(), "v")
	}
	if n := len(p.Settings.List(System)); n > maxSettings {
		t.Errorf("%d settings", n)
	}
	if p.Settings.Put(Global, "big", string(make([]byte, maxSettingBytes))) || p.Settings.Put("nowhere", "k", "v") {
		t.Error("a value too large, or a table that does not exist, must be refused")
	}
	if p.Props.Set("ro.x", "1") || p.Props.Set("x", string(make([]byte, 92))) || p.Props.Set("", "1") {
		t.Error("a read-only, too long or nameless property must be refused")
	}
}
