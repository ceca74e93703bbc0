package flow

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Header is one header line as captured. In JSON it is ["name","value"], or ["name","<base64>","base64"] when the
// value is not UTF-8, so that no byte is lost.
type Header struct {
	Name  string
	Value string
}

// MarshalJSON writes the array form.
func (h Header) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(h.Name) && utf8.ValidString(h.Value) {
		return json.Marshal([2]string{h.Name, h.Value})
	}
	return json.Marshal([3]string{strings.ToValidUTF8(h.Name, "?"), base64.StdEncoding.EncodeToString([]byte(h.Value)), "base64"})
}

// UnmarshalJSON reads the array form.
func (h *Header) UnmarshalJSON(b []byte) error {
	var parts []string
	if err := json.Unmarshal(b, &parts); err != nil {
		return fmt.Errorf("reading a header: %w", err)
	}
	switch {
	case len(parts) == 2:
		h.Name, h.Value = parts[0], parts[1]
		return nil
	case len(parts) == 3 && parts[2] == "base64":
		v, err := base64.StdEncoding.DecodeString(parts[1])
		if err != nil {
			return fmt.Errorf("reading header %q: %w", parts[0], err)
		}
		h.Name, h.Value = parts[0], string(v)
		return nil
	}
	return fmt.Errorf("reading a header: want [name, value] or [name, base64, \"base64\"], got %d parts", len(parts))
}

// Get returns the first value of a header, compared without case, and whether there is one.
func (m *Message) Get(name string) (string, bool) {
	if m == nil {
		return "", false
	}
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value, true
		}
	}
	return "", false
}
