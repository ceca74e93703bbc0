package phone

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"sync"
)

const maxCerts = 64

// Certs is the user's CA store. Only the phone's own settings screens put something into it. It survives a reboot.
type Certs struct {
	mu    sync.RWMutex
	certs []*x509.Certificate
}

// ErrNotCA is returned for a file that holds no CA certificate.
var ErrNotCA = errors.New("the file holds no CA certificate")

// Install adds the first certificate of a PEM or DER file. It refuses what is not a CA, as Android 11 and newer do.
func (c *Certs) Install(file []byte) (*x509.Certificate, error) {
	der := file
	if block, _ := pem.Decode(file); block != nil {
		if block.Type != "CERTIFICATE" {
			return nil, ErrNotCA
		}
		der = block.Bytes
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil || !cert.IsCA {
		return nil, ErrNotCA
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, have := range c.certs {
		if bytes.Equal(have.Raw, cert.Raw) {
			return have, nil
		}
	}
	if len(c.certs) >= maxCerts {
		return nil, errors.New("the certificate store is full")
	}
	c.certs = append(c.certs, cert)
	return cert, nil
}

// All returns the installed certificates, oldest first.
func (c *Certs) All() []*x509.Certificate {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return append([]*x509.Certificate(nil), c.certs...)
}

// Pool returns the installed certificates as roots.
func (c *Certs) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, cert := range c.All() {
		pool.AddCert(cert)
	}
	return pool
}

// Remove takes one certificate out of the store; Clear takes all.
func (c *Certs) Remove(cert *x509.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, have := range c.certs {
		if bytes.Equal(have.Raw, cert.Raw) {
			c.certs = append(c.certs[:i:i], c.certs[i+1:]...)
			return
		}
	}
}

// Clear empties the store.
func (c *Certs) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.certs = nil
}
