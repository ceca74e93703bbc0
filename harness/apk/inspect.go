package apk

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
)

// Facts is what a package says of itself.
type Facts struct {
	Signers []Signer // of the newest signature scheme that it has, in its order
	Scheme  int      // that scheme: 1 (JAR), 2, 3; 0 if it is not signed
	Kits    []string // known kits of which it has classes, sorted
	Classes int      // classes seen in all dex files
}

// Signer is a certificate by which a package is signed.
type Signer struct {
	SHA256  string // of the certificate's DER, hex
	Subject string // as RFC 2253 writes it
}

// Bounds of what is read: a package may be made by anybody.
const (
	maxDexFiles = 100
	maxDex      = 64 << 20 // bytes of one dex file
	maxEntries  = 200_000

	// maxDirectory is the bytes of the list of entries, which is held in memory and may be as long as the package.
	maxDirectory = 16 << 20
)

var dexName = regexp.MustCompile(`^classes([2-9]|[1-9][0-9]{1,2})?\.dex$`)

// Inspect reads a package of a size.
func Inspect(r io.ReaderAt, size int64) (Facts, error) {
	listing := &frugal{ReaderAt: r, left: maxDirectory}
	archive, err := zip.NewReader(listing, size)
	if err != nil {
		return Facts{}, fmt.Errorf("reading a package: %w", err)
	}
	listing.left = math.MaxInt64
	if len(archive.File) > maxEntries {
		return Facts{}, fmt.Errorf("reading a package: %d entries, more than %d", len(archive.File), maxEntries)
	}
	var f Facts
	if f.Scheme, f.Signers, err = signers(r, size, archive); err != nil {
		return Facts{}, fmt.Errorf("reading the signature of a package: %w", err)
	}
	found, files := map[string]bool{}, 0
	for _, entry := range archive.File {
		if !dexName.MatchString(entry.Name) {
			continue
		}
		if files++; files > maxDexFiles {
			return Facts{}, fmt.Errorf("reading a package: more than %d dex files", maxDexFiles)
		}
		dex, err := contents(entry, maxDex)
		if err != nil {
			return Facts{}, fmt.Errorf("reading %s: %w", entry.Name, err)
		}
		names, err := classes(dex)
		if err != nil {
			return Facts{}, fmt.Errorf("reading %s: %w", entry.Name, err)
		}
		f.Classes += len(names)
		for _, name := range names {
			if kit, ok := kitOf(name); ok {
				found[kit] = true
			}
		}
	}
	for kit := range found {
		f.Kits = append(f.Kits, kit)
	}
	slices.Sort(f.Kits)
	return f, nil
}

var errDirectory = errors.New("its list of entries is longer than it may be")

// frugal is a package of which only so many bytes are read.
type frugal struct {
	io.ReaderAt
	left int64
}

func (f *frugal) ReadAt(b []byte, at int64) (int, error) {
	if f.left -= int64(len(b)); f.left < 0 {
		return 0, errDirectory
	}
	return f.ReaderAt.ReadAt(b, at)
}

var errTooLong = errors.New("longer than it may be")

// contents unpacks an entry of at most limit bytes, whatever its header says.
func contents(entry *zip.File, limit int64) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errTooLong
	}
	return data, err
}
