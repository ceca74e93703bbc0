package capture

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Names inside the CA's folder.
const (
	caCertName = "ca.pem"
	caKeyName  = "ca.key"
	caLockName = "ca.lock"
)

// caLife is how long a farm CA is valid. A phone is set up once per CA, so it outlives the phones.
const caLife = 10 * 365 * 24 * time.Hour

// skew is how far certificates are backdated, for phones whose clock is behind.
const skew = 24 * time.Hour

// CA is the farm's certificate authority: an ECDSA P-256 key that never leaves its folder.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// LoadOrCreateCA opens the CA in dir, which holds ca.pem and ca.key (mode 0600), or makes it on first use. Processes
// that do so at the same time agree on one CA: the making happens under a lock on dir/ca.lock.
func LoadOrCreateCA(dir string) (*CA, error) {
	ca, err := loadOrCreateCA(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the farm CA in %s: %w", dir, err)
	}
	return ca, nil
}

func loadOrCreateCA(dir string) (*CA, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, caLockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer lock.Close() // gives the lock back
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("locking %s: %w", caLockName, err)
	}
	ca, err := loadCA(dir)
	if !errors.Is(err, os.ErrNotExist) {
		return ca, err
	}
	return createCA(dir)
}

func loadCA(dir string) (*CA, error) {
	certPEM, err := os.ReadFile(filepath.Join(dir, caCertName))
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(filepath.Join(dir, caKeyName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is there but %s is not: put the key back, or move the folder away and set every phone up again with the new CA", caCertName, caKeyName)
	}
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(filepath.Join(dir, caKeyName))
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others may read %s (mode %04o): chmod 600 it, and make a new CA if they may have", caKeyName, info.Mode().Perm())
	}
	return parseCA(certPEM, keyPEM)
}

func parseCA(certPEM, keyPEM []byte) (*CA, error) {
	c, _ := pem.Decode(certPEM)
	k, _ := pem.Decode(keyPEM)
	if c == nil || k == nil {
		return nil, fmt.Errorf("%s or %s is not PEM", caCertName, caKeyName)
	}
	cert, err := x509.ParseCertificate(c.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", caCertName, err)
	}
	anyKey, err := x509.ParsePKCS8PrivateKey(k.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", caKeyName, err)
	}
	key, ok := anyKey.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("%s is not the ECDSA key of %s", caKeyName, caCertName)
	}
	if left := time.Until(cert.NotAfter); left < leafLife {
		return nil, fmt.Errorf("the CA ends on %s: move the folder away and set every phone up again with the new CA", cert.NotAfter.Format(time.DateOnly))
	}
	return &CA{cert: cert, key: key}, nil
}

func createCA(dir string) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	pub, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(pub)
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial(),
		// The name holds part of the key's hash: Android files a CA by the hash of its name, and two farms must not clash.
		Subject:               pkix.Name{CommonName: "Telltale farm CA " + hex.EncodeToString(id[:4]), Organization: []string{"Telltale"}},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		SubjectKeyId:          id[:20],
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	// The certificate comes last and by rename: where it is, the key is.
	if err := writeNew(dir, caKeyName, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return nil, err
	}
	ca := &CA{cert: cert, key: key}
	return ca, writeNew(dir, caCertName, ca.PEM(), 0o644)
}

func writeNew(dir, name string, data []byte, mode os.FileMode) error {
	tmp, err := os.CreateTemp(dir, "."+name+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

func serial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[0] &= 0x7f
	b[15] |= 1
	return new(big.Int).SetBytes(b[:])
}

// PEM gives the CA's certificate, to be installed on phones.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

// Certificate gives the CA's certificate.
func (ca *CA) Certificate() *x509.Certificate { return ca.cert }

// HashOld gives what `openssl x509 -subject_hash_old` prints: 8 hex digits. Android's stores hold a CA as
// <hash>.0, so this is the name to look for on the phone.
func (ca *CA) HashOld() string {
	sum := md5.Sum(ca.cert.RawSubject)
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(sum[:4]))
}
