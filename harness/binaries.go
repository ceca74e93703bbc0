package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/apk"
)

// copyTime bounds the copy of a package: USB 2 and a slow hub give 5 MB/s.
const copyTime = 5 * time.Minute

// binaries says which code the phone's browsers are: the digest of each package as the phone has it, and what a copy of it
// says of its signers and kits. The copy is made once per digest and farm. What cannot be known is said, and stops
// nothing: no verdict rests on it.
func (l *Lease) binaries(ctx context.Context) []leak.Binary {
	var out []leak.Binary
	for _, b := range l.profile.Browsers {
		c, err := l.binary(ctx, b.App)
		if err != nil {
			c.Unknown = err.Error()
		}
		out = append(out, c)
	}
	return out
}

var errNotInstalled = errors.New("it is not installed")

func (l *Lease) binary(ctx context.Context, pkg string) (leak.Binary, error) {
	c := leak.Binary{Package: pkg}
	files, err := l.device.PackageFiles(ctx, pkg)
	if err != nil {
		return c, err
	}
	if len(files) == 0 {
		return c, errNotInstalled
	}
	c.Files = len(files)
	if c.SHA256, err = l.device.FileSHA256(ctx, files[0]); err != nil {
		return c, err
	}
	known := filepath.Join(l.State, "apk", c.SHA256+".json")
	facts, err := readFacts(known)
	if err != nil {
		if facts, err = l.inspect(ctx, files[0]); err != nil {
			return c, err
		}
		if err := keepFacts(known, facts); err != nil {
			return c, err
		}
	}
	c.Scheme = facts.Scheme
	for _, s := range facts.Signers {
		c.Signers = append(c.Signers, leak.Signer{SHA256: s.SHA256, Subject: s.Subject})
	}
	c.Kits = facts.Kits
	return c, nil
}

// inspect copies a package from the phone, looks into the copy, and throws it away. The copy has no name, so that nothing
// is left of it whoever is killed.
func (l *Lease) inspect(ctx context.Context, file string) (facts apk.Facts, err error) {
	l.say("looking into " + file)
	copied, err := os.CreateTemp(l.State, "package-*.apk")
	if err != nil {
		return facts, fmt.Errorf("copying a package: %w", err)
	}
	defer copied.Close()
	if err := os.Remove(copied.Name()); err != nil {
		return facts, fmt.Errorf("copying a package: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, copyTime)
	defer cancel()
	if err := l.device.Pull(ctx, file, copied); err != nil {
		return facts, err
	}
	size, err := copied.Seek(0, io.SeekEnd)
	if err != nil {
		return facts, fmt.Errorf("copying a package: %w", err)
	}
	return apk.Inspect(copied, size)
}

func readFacts(file string) (f apk.Facts, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(raw, &f)
}

// keepFacts writes what is known of a digest. Two workers may do so at once: each renames a whole file into place.
func keepFacts(file string, f apk.Facts) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(file), "part-*")
	if err != nil {
		return err
	}
	_, err = part.Write(raw)
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}
