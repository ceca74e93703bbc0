// Package apk makes the packages of a virtual phone's apps: a real archive, signed by the second scheme, with a dex file
// that names classes. Nothing of it can run, and it is never installed: it is there to be looked at.
package apk

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"math/big"
	"time"
)

// Options say what a package holds. Equal options give equal bytes.
type Options struct {
	Package string
	Version string
	Signer  string   // common name of the certificate; its key comes from it too
	Classes []string // com/example/Name
}

// Build makes a package.
func Build(o Options) ([]byte, error) {
	var body bytes.Buffer
	z := zip.NewWriter(&body)
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"AndroidManifest.xml", fmt.Appendf(nil, "<manifest package=%q versionName=%q/>\n", o.Package, o.Version)},
		{"classes.dex", dex(o.Classes)},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return sign(body.Bytes(), o.Signer)
}

// sign puts a signing block before the central directory (source.android.com, APK signature scheme v2).
func sign(archive []byte, name string) ([]byte, error) {
	seed := sha256.Sum256([]byte("package key of " + name))
	key := ed25519.NewKeyFromSeed(seed[:])
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)}
	certificate, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	end := len(archive) - 22
	directory := int(binary.LittleEndian.Uint32(archive[end+16:]))

	digest := sha256.Sum256(archive[:directory])
	one := binary.LittleEndian.AppendUint32(nil, 0x0103) // RSASSA-PKCS1-v1_5 with SHA2-256, as most packages have it
	signed := join(block(block(join(one, block(digest[:])))), block(block(certificate)), block(nil))
	signature := ed25519.Sign(key, signed)
	signer := join(block(signed), block(block(join(one, block(signature)))), block(nil))
	value := block(block(signer))

	pair := binary.LittleEndian.AppendUint64(nil, uint64(4+len(value)))
	pair = binary.LittleEndian.AppendUint32(pair, 0x7109871a)
	pair = append(pair, value...)
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(pair)+24))
	whole := join(length, pair, length, []byte("APK Sig Block 42"))

	out := join(archive[:directory], whole, archive[directory:])
	binary.LittleEndian.PutUint32(out[end+len(whole)+16:], uint32(directory+len(whole)))
	return out, nil
}

func block(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
