package capture_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/capture"
)

func TestTheFarmHasOneCA(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ca")
	pems := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range pems {
		wg.Go(func() {
			ca, err := capture.LoadOrCreateCA(dir)
			if err != nil {
				t.Error(err)
				return
			}
			pems[i] = ca.PEM()
		})
	}
	wg.Wait()
	for _, p := range pems[1:] {
		if !bytes.Equal(p, pems[0]) {
			t.Fatal("workers made different CAs")
		}
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v %v", info.Mode(), err)
	}
	onDisk, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil || !bytes.Equal(onDisk, pems[0]) {
		t.Errorf("ca.pem is another certificate (%v)", err)
	}
}

func TestACAThatCannotBeTrustedIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(dir string) error
	}{
		{"others may read the key", "chmod 600", func(d string) error { return os.Chmod(filepath.Join(d, "ca.key"), 0o640) }},
		{"the key is gone", "put the key back", func(d string) error { return os.Remove(filepath.Join(d, "ca.key")) }},
		{"the key is not PEM", "not PEM", func(d string) error { return os.WriteFile(filepath.Join(d, "ca.key"), []byte("x"), 0o600) }},
		{"the key is another CA's", "is not the ECDSA key", func(d string) error {
			other := filepath.Join(d, "other")
			if _, err := capture.LoadOrCreateCA(other); err != nil {
				return err
			}
			return os.Rename(filepath.Join(other, "ca.key"), filepath.Join(d, "ca.key"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := capture.LoadOrCreateCA(dir); err != nil {
				t.Fatal(err)
			}
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := capture.LoadOrCreateCA(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}

func TestTheCAsNameOnAPhone(t *testing.T) {
	dir := t.TempDir()
	ca, err := capture.LoadOrCreateCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	out, err := exec.Command("openssl", "x509", "-in", filepath.Join(dir, "ca.pem"), "-noout", "-subject_hash_old").Output()
	if err != nil || strings.TrimSpace(string(out)) != ca.HashOld() {
		t.Errorf("openssl says %s (%v), we say %s", out, err, ca.HashOld())
	}
}

func TestLeaves(t *testing.T) {
	r := newRig(t, echo)
	long := strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + ".test" // longer than a common name may be
	state := r.connectTLS("198.51.100.1:443", long).ConnectionState()
	leaf := state.PeerCertificates[0]
	now := time.Now()
	if leaf.NotBefore.After(now.Add(-23*time.Hour)) || leaf.NotAfter.After(now.Add(15*24*time.Hour)) || leaf.NotAfter.Before(now.Add(13*24*time.Hour)) {
		t.Errorf("valid from %v to %v", leaf.NotBefore, leaf.NotAfter)
	}
	if _, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || leaf.IsCA || len(leaf.DNSNames) != 1 || leaf.DNSNames[0] != long {
		t.Errorf("%+v", leaf)
	}
	if ca := r.ca.Certificate(); leaf.CheckSignatureFrom(ca) != nil || ca.PublicKeyAlgorithm != x509.ECDSA {
		t.Error("the leaf is not the farm CA's")
	}
}
