package apk

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
)

var errBlock = errors.New("the signing block is broken")

// Ids in the signing block (source.android.com, APK signature scheme v2 and v3).
const (
	schemeV2  = 0x7109871a
	schemeV3  = 0xf05368c0
	schemeV31 = 0x1b93ad61
)

const (
	blockMagic = "APK Sig Block 42"
	maxBlock   = 32 << 20
	maxSigners = 10 // as Android bounds them
	endRecord  = 22 // bytes of the end of central directory, without its comment
)

// signers finds the certificates of the newest scheme that a package has.
func signers(r io.ReaderAt, size int64, archive *zip.Reader) (scheme int, out []Signer, err error) {
	block, err := signingBlock(r, size)
	if err != nil {
		return 0, nil, err
	}
	found := map[int][]byte{}
	for len(block) > 0 {
		if len(block) < 12 {
			return 0, nil, errBlock
		}
		n := binary.LittleEndian.Uint64(block)
		if n < 4 || n > uint64(len(block)-8) {
			return 0, nil, errBlock
		}
		value := block[12 : 8+n]
		switch word(block, 8) {
		case schemeV31, schemeV3:
			if found[3] == nil || word(block, 8) == schemeV31 {
				found[3] = value
			}
		case schemeV2:
			found[2] = value
		}
		block = block[8+n:]
	}
	for _, scheme := range []int{3, 2} {
		if value := found[scheme]; value != nil {
			out, err := blockSigners(value)
			return scheme, out, err
		}
	}
	out, err = jarSigners(archive)
	if len(out) > 0 {
		scheme = 1
	}
	return scheme, out, err
}

// signingBlock returns the pairs of the block that stands before the central directory; nil if there is none.
func signingBlock(r io.ReaderAt, size int64) ([]byte, error) {
	tail := make([]byte, min(size, endRecord+0xffff))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	end := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if end < 0 || len(tail)-end < endRecord {
		return nil, nil
	}
	directory := int64(word(tail, end+16))
	const foot = 8 + len(blockMagic)
	if directory < int64(foot)+8 || directory > size {
		return nil, nil
	}
	footer := make([]byte, foot)
	if _, err := r.ReadAt(footer, directory-int64(foot)); err != nil {
		return nil, err
	}
	if string(footer[8:]) != blockMagic {
		return nil, nil
	}
	n := int64(binary.LittleEndian.Uint64(footer)) // of what follows the first length
	if n < int64(foot) || n > maxBlock || n > directory-8 {
		return nil, errBlock
	}
	pairs := make([]byte, n-int64(foot))
	_, err := r.ReadAt(pairs, directory-n)
	return pairs, err
}

// blockSigners reads the first certificate of each signer: sequences of sequences, each behind its length.
func blockSigners(value []byte) (out []Signer, err error) {
	all, _, ok := prefixed(value)
	for ok && len(all) > 0 && len(out) < maxSigners {
		var signer, signed, certificates, certificate []byte
		if signer, all, ok = prefixed(all); !ok {
			break
		}
		if signed, _, ok = prefixed(signer); !ok {
			break
		}
		if _, signed, ok = prefixed(signed); !ok { // the digests
			break
		}
		if certificates, _, ok = prefixed(signed); !ok {
			break
		}
		if certificate, _, ok = prefixed(certificates); !ok {
			break
		}
		s, err := signerOf(certificate)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	if !ok {
		return nil, errBlock
	}
	return out, nil
}

func prefixed(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 4 || uint64(word(b, 0)) > uint64(len(b)-4) {
		return nil, nil, false
	}
	n := 4 + int(word(b, 0))
	return b[4:n], b[n:], true
}

func signerOf(der []byte) (Signer, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return Signer{}, err
	}
	sum := sha256.Sum256(der)
	return Signer{SHA256: hex.EncodeToString(sum[:]), Subject: c.Subject.String()}, nil
}

var jarSignature = regexp.MustCompile(`^META-INF/[^/]+\.(RSA|DSA|EC)$`)

// maxJAR bounds a JAR signature file.
const maxJAR = 1 << 20

// jarSigners reads the certificates of the first scheme: those of each PKCS #7 file, whose first is the signer's.
func jarSigners(archive *zip.Reader) (out []Signer, err error) {
	for _, entry := range archive.File {
		if !jarSignature.MatchString(entry.Name) || len(out) == maxSigners {
			continue
		}
		data, err := contents(entry, maxJAR)
		if err != nil {
			return nil, err
		}
		der, err := firstCertificate(data)
		if err != nil {
			return nil, err
		}
		s, err := signerOf(der)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
