package leak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/gowebpki/jcs"
)

// maxExact is the largest integer that every JSON reader keeps: 2^53. RFC 8785 writes numbers as doubles.
const maxExact = 1 << 53

// Canonical gives the bytes of verdicts.json: RFC 8785, with integers beyond 2^53 as strings.
func (v Verdicts) Canonical() ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("writing the verdicts: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("writing the verdicts: %w", err)
	}
	if raw, err = json.Marshal(exactNumbers(tree)); err != nil {
		return nil, fmt.Errorf("writing the verdicts: %w", err)
	}
	out, err := jcs.Transform(raw)
	if err != nil {
		return nil, fmt.Errorf("writing the verdicts: %w", err)
	}
	return out, nil
}

func exactNumbers(v any) any {
	switch t := v.(type) {
	case map[string]any:
		for k := range t {
			t[k] = exactNumbers(t[k])
		}
	case []any:
		for i := range t {
			t[i] = exactNumbers(t[i])
		}
	case json.Number:
		if n, err := t.Int64(); err == nil && (n > maxExact || n < -maxExact) {
			return t.String()
		}
	}
	return v
}

// numberKeys are the fields of the verdicts that Canonical may have written as strings.
var numberKeys = map[string]bool{"bytes": true, "bypass": true, "settle_us": true, "flow": true, "attempt": true,
	"planned": true, "window_us": true, "wall_us": true, "delay_us": true}

// ParseVerdicts reads what Canonical wrote, as strictly as every input.
func ParseVerdicts(b []byte) (Verdicts, error) {
	var v Verdicts
	if len(b) > maxVerdicts {
		return v, fmt.Errorf("reading verdicts: they are larger than %d bytes", maxVerdicts)
	}
	if err := checkKeys(b); err != nil {
		return v, fmt.Errorf("reading verdicts: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return v, fmt.Errorf("reading verdicts: %w", err)
	}
	plain, err := json.Marshal(plainNumbers(tree, false))
	if err != nil {
		return v, fmt.Errorf("reading verdicts: %w", err)
	}
	if v, err = decodeStrict[Verdicts](plain); err != nil {
		return v, fmt.Errorf("reading verdicts: %w", err)
	}
	return v, nil
}

// maxVerdicts bounds verdicts.json.
const maxVerdicts = 256 << 20

func plainNumbers(v any, number bool) any {
	switch t := v.(type) {
	case map[string]any:
		for k := range t {
			t[k] = plainNumbers(t[k], numberKeys[k])
		}
	case []any:
		for i := range t {
			t[i] = plainNumbers(t[i], false)
		}
	case string:
		if _, err := strconv.ParseInt(t, 10, 64); number && err == nil {
			return json.Number(t)
		}
	}
	return v
}
