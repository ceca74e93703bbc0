package shell

import (
	"crypto/md5"  //nolint:gosec // the command of that name
	"crypto/sha1" //nolint:gosec // the command of that name
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"strings"
)

// sumCommands are digests and encodings.
var sumCommands = map[string]command{
	"sha256sum": digest(sha256.New), "sha1sum": digest(sha1.New), "md5sum": digest(md5.New), "base64": base64Command, "xxd": xxd,
}

// input returns the bytes of a file, or of the standard input for "-" or nothing.
func (c *call) input(name string) ([]byte, error) {
	if name == "" || name == "-" {
		return io.ReadAll(io.LimitReader(c.in, maxStored))
	}
	return c.sh.phone.Files.Read(c.path(name))
}

func digest(make func() hash.Hash) command {
	return func(c *call) int {
		letters, names := c.flags()
		if len(names) == 0 {
			names = []string{"-"}
		}
		return c.each(names, func(name string) error {
			data, err := c.input(name)
			if err != nil {
				return err
			}
			h := make()
			_, _ = h.Write(data)
			sum := hex.EncodeToString(h.Sum(nil))
			if strings.Contains(letters, "b") {
				c.println(sum)
			} else {
				c.println(sum + "  " + name)
			}
			return nil
		})
	}
}

func base64Command(c *call) int {
	letters, names := c.flags()
	if len(names) == 0 {
		names = []string{"-"}
	}
	return c.each(names[:1], func(name string) error {
		data, err := c.input(name)
		if err != nil {
			return err
		}
		if strings.Contains(letters, "d") {
			clean := strings.Map(func(r rune) rune {
				if strings.ContainsRune(" \r\n\t", r) {
					return -1
				}
				return r
			}, string(data))
			out, err := base64.StdEncoding.DecodeString(clean)
			if err != nil {
				return errInvalid
			}
			_, _ = c.out.Write(out)
			return nil
		}
		text := base64.StdEncoding.EncodeToString(data)
		for len(text) > 76 && !strings.Contains(letters, "w") {
			c.println(text[:76])
			text = text[76:]
		}
		c.println(text)
		return nil
	})
}

func xxd(c *call) int {
	letters, names := c.flags()
	if !strings.Contains(letters, "p") {
		return c.usage()
	}
	data, err := c.input(strings.Join(names, ""))
	if err != nil {
		return c.fail(1, "xxd: %s", reason(err))
	}
	c.println(hex.EncodeToString(data))
	return 0
}
