package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// strictly reads one JSON value: known fields only, no key twice, also not one that differs in case only, which
// encoding/json would take for the same, and nothing after the value. Two programs may read what is refused here differently.
func strictly(raw []byte, v any) error {
	if err := onceEach(raw); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func onceEach(raw []byte) error {
	type level struct {
		keys  map[string]bool // nil in an array
		value bool            // the next token of this object is a value
	}
	var in []level
	d := json.NewDecoder(bytes.NewReader(raw))
	for first := true; ; first = false {
		tok, err := d.Token()
		if err == io.EOF && !first {
			return nil
		}
		if err != nil {
			return err
		}
		if !first && len(in) == 0 {
			return errors.New("there is text after its end")
		}
		top := len(in) - 1
		if key, ok := tok.(string); ok && top >= 0 && in[top].keys != nil && !in[top].value {
			folded := strings.ToLower(key)
			if in[top].keys[folded] {
				return fmt.Errorf("key %q occurs twice", key)
			}
			in[top].keys[folded], in[top].value = true, true
			continue
		}
		switch tok {
		case json.Delim('{'):
			in = append(in, level{keys: map[string]bool{}})
			continue
		case json.Delim('['):
			in = append(in, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			in = in[:top]
		}
		if top = len(in) - 1; top >= 0 { // a value ended
			in[top].value = false
		}
	}
}
