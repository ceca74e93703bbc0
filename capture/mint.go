package capture

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"sync"
	"time"
)

// leafLife is how long a leaf is valid. It is minted again when half of that is over.
const leafLife = 14 * 24 * time.Hour

// maxNames bounds the cache of leaves; a phone that asks for more names makes us mint some of them again.
const maxNames = 1 << 14

// minter gives the TLS configuration for a name. All leaves share one P-256 key, made at start, so that a new name
// costs one signature; all configurations share one session ticket key, so that phones can resume.
type minter struct {
	ca      *CA
	key     *ecdsa.PrivateKey
	public  []byte // of key, as it stands in a certificate
	ticket  [32]byte
	secrets io.Writer // takes the TLS key log; nil for none

	mu    sync.Mutex
	names map[string]*minted
}

type minted struct {
	once   sync.Once
	config *tls.Config
	err    error
	stale  time.Time
}

func newMinter(ca *CA, secrets io.Writer) (*minter, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	m := &minter{ca: ca, key: key, public: public, secrets: secrets, names: make(map[string]*minted)}
	_, _ = rand.Read(m.ticket[:])
	return m, nil
}

// config gives the server configuration for a host name or an IP address. Callers that ask for one name at the same
// time wait for one minting.
func (m *minter) config(name string) (*tls.Config, error) {
	m.mu.Lock()
	e := m.names[name]
	if e == nil || e.stale.Before(time.Now()) {
		if len(m.names) >= maxNames {
			clear(m.names)
		}
		e = &minted{stale: time.Now().Add(leafLife / 2)}
		m.names[name] = e
	}
	m.mu.Unlock()
	e.once.Do(func() { e.config, e.err = m.mint(name) })
	return e.config, e.err
}

func (m *minter) mint(name string) (*tls.Config, error) {
	der, err := m.leaf(name, serial(), time.Now())
	if err != nil {
		return nil, fmt.Errorf("minting a certificate for %.80q: %w", name, err)
	}
	c := &tls.Config{
		Certificates:                []tls.Certificate{{Certificate: [][]byte{der, m.ca.cert.Raw}, PrivateKey: m.key}},
		NextProtos:                  []string{"h2", "http/1.1"},
		MinVersion:                  tls.VersionTLS10, // what an old phone speaks must be seen too
		DynamicRecordSizingDisabled: true,
		KeyLogWriter:                m.secrets,
	}
	c.SetSessionTicketKeys([][32]byte{m.ticket})
	return c, nil
}
