package record

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sync"
)

// knownChains remembers the leaf certificates that were stored. crypto/tls gives the same certificate the same pointer
// while any connection uses it, so most look-ups cost no hash.
type knownChains struct {
	mu    sync.Mutex
	names map[*x509.Certificate]string
	done  map[string]struct{}
}

const maxChains = 1 << 12

// Cert stores the certificate chain of a real server, leaf first, and gives the sha256 of its leaf in hex: the name of
// the file in certs/ and the value of Flow.ServerCert. It gives "" for an empty chain.
func (w *Writer) Cert(chain []*x509.Certificate) string {
	if len(chain) == 0 {
		return ""
	}
	name, known := w.chain.name(chain[0])
	if known {
		return name
	}
	// Outside the lock: making a file takes as long as half a handshake, and others wait to begin theirs.
	if err := w.writeChain(name, chain); err != nil {
		w.failed(fmt.Errorf("storing a certificate chain: %w", err))
	}
	return name
}

// name gives a leaf's name, and says whether its chain is stored or is being stored by another caller.
func (k *knownChains) name(leaf *x509.Certificate) (name string, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if name, ok := k.names[leaf]; ok {
		return name, true
	}
	sum := sha256.Sum256(leaf.Raw)
	name = hex.EncodeToString(sum[:])
	if k.names == nil || len(k.names) >= maxChains {
		k.names = make(map[*x509.Certificate]string)
	}
	k.names[leaf] = name
	if _, ok := k.done[name]; ok {
		return name, true
	}
	if k.done == nil || len(k.done) >= maxChains {
		k.done = make(map[string]struct{})
	}
	k.done[name] = struct{}{}
	return name, false
}

func (w *Writer) writeChain(name string, chain []*x509.Certificate) error {
	var der []byte
	for _, c := range chain {
		der = append(der, c.Raw...)
	}
	f, err := w.certs.OpenFile(name+".der", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(der)
	return errors.Join(err, f.Close())
}
