package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// strict reads one line of a recording as its writer wrote it: no field that we do not know, for it may say why a flow
// could not be read; none twice, and none in other letters, which encoding/json would take for the same.
func strict(line []byte, into any) error {
	if err := plainKeys(line); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is text after the record")
	}
	return nil
}

// plainKeys checks the keys of all objects in a line. That it is JSON is left to whoever decodes it.
func plainKeys(b []byte) error {
	var keys [][]byte // of the objects that are open, those of the innermost last
	var opened []int  // where in keys an open object's begin; -1 for a list
	key := false      // a string here is a key
	object := func() bool { return len(opened) > 0 && opened[len(opened)-1] >= 0 }
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{':
			opened, key = append(opened, len(keys)), true
		case '[':
			opened, key = append(opened, -1), false
		case '}', ']':
			if object() {
				keys = keys[:opened[len(opened)-1]]
			}
			opened, key = opened[:max(0, len(opened)-1)], false
		case ',':
			key = object()
		case '"':
			from := i + 1
			for i = from; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if !key {
				continue
			}
			key = false
			k := b[from:min(i, len(b))]
			if !plainKey(k) {
				return fmt.Errorf("key %.80q is unknown", k)
			}
			if slices.ContainsFunc(keys[opened[len(opened)-1]:], func(o []byte) bool { return bytes.Equal(o, k) }) {
				return fmt.Errorf("key %q occurs twice", k)
			}
			if len(keys) >= maxKeys {
				return errors.New("it has too many keys")
			}
			keys = append(keys, k)
		}
	}
	return nil
}

// maxKeys bounds the keys of a line that are open at once; our writer has fewer than a hundred.
const maxKeys = 1000

func plainKey(k []byte) bool {
	for _, c := range k {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return len(k) > 0
}
