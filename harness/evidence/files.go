package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// writeWhole writes a file beside its place, syncs it and moves it there, so that a reader sees the old or the new bytes.
func writeWhole(root *os.Root, name string, data []byte) error {
	return streamWhole(root, name, func(to io.Writer) error {
		_, err := to.Write(data)
		return err
	})
}

// streamWhole is the same for what comes bit by bit. What was begun and failed leaves nothing.
func streamWhole(root *os.Root, name string, fill func(io.Writer) error) error {
	tmp := name + ".tmp"
	f, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err = errors.Join(fill(f), f.Sync(), f.Close()); err != nil {
		_ = root.Remove(tmp) // the error says why there is none
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := root.Rename(tmp, name); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// syncDir makes names in a folder of the bundle outlive a power cut.
func syncDir(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return fmt.Errorf("syncing %s: %w", name, err)
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncPath(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return errors.Join(f.Sync(), f.Close())
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// digest is the sha256 of a file in hex. The file's size is no matter: it is streamed.
func digest(root *os.Root, name string) (string, error) {
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// endsWhole gives the length of a file up to and with its last newline, and its last whole line without it.
func endsWhole(root *os.Root, name string) (size int64, last []byte, err error) {
	f, err := root.Open(name)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, nil, err
	}
	// Read backwards until the window holds the whole last line.
	for window := int64(64 << 10); ; window *= 4 {
		from := max(info.Size()-window, 0)
		tail := make([]byte, info.Size()-from)
		if _, err := f.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
			return 0, nil, err
		}
		end := bytes.LastIndexByte(tail, '\n')
		if end >= 0 {
			if start := bytes.LastIndexByte(tail[:end], '\n'); start >= 0 || from == 0 {
				return from + int64(end) + 1, tail[start+1 : end], nil
			}
		}
		if from == 0 {
			return 0, nil, nil
		}
		if window > 64<<20 {
			return 0, nil, errors.New("its last line is longer than 64 MiB")
		}
	}
}
