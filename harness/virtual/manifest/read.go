package manifest

import (
	"encoding/json"
	"fmt"
	"io"
)

// maxBytes bounds a manifest file.
const maxBytes = 1 << 30

// Read parses what WriteTo wrote. It refuses other schema versions and unknown fields.
func Read(r io.Reader) (Manifest, error) {
	var m Manifest
	d := json.NewDecoder(io.LimitReader(r, maxBytes))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("reading leak manifest: %w", err)
	}
	if m.Schema != Schema {
		return Manifest{}, fmt.Errorf("reading leak manifest: schema %d, this program reads %d", m.Schema, Schema)
	}
	return m, nil
}
