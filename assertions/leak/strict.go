package leak

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"unicode/utf8"
)

// Bounds of the input files (docs/evidence.md). Beyond is refused, not cut.
const (
	maxFile  = 16 << 20
	maxLine  = 4 << 20
	maxLines = 1_000_000
)

// schemaOf lists the input types: each JSON value says its schema.
type schemaOf interface {
	Plan | Policy | Phone | Secret | Attempt | Verdicts
}

// decodeStrict reads one JSON value: UTF-8, one value, known fields only, no key twice, the schema we know.
func decodeStrict[T schemaOf](b []byte) (T, error) {
	var v T
	if !utf8.Valid(b) {
		return v, errors.New("it is not UTF-8")
	}
	if err := checkKeys(b); err != nil {
		return v, err
	}
	// The schema comes first: a newer one may well have fields that we do not know.
	var s struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return v, err
	}
	if s.Schema != Schema {
		return v, fmt.Errorf("schema %d is unknown; this telltale reads schema %d", s.Schema, Schema)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, err
	}
	return v, nil
}

// checkKeys refuses duplicate keys, keys that none of our types has, and anything after the value. encoding/json takes
// keys without regard to case, so only lower-case ASCII may stand there.
func checkKeys(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	type level struct {
		object bool
		keys   map[string]bool
		value  bool // the next token of this object is a value
	}
	var stack []level
	done := func() { // a value ended
		if n := len(stack); n > 0 && stack[n-1].object {
			stack[n-1].value = false
		}
	}
	for first := true; ; first = false {
		tok, err := d.Token()
		if err == io.EOF {
			if first {
				return errors.New("it is empty")
			}
			return nil
		}
		if err != nil {
			return err
		}
		if !first && len(stack) == 0 {
			return errors.New("there is text after the JSON value")
		}
		switch t := tok.(type) {
		case json.Delim:
			switch t {
			case '{':
				stack = append(stack, level{object: true, keys: map[string]bool{}})
			case '[':
				stack = append(stack, level{})
			default:
				stack = stack[:len(stack)-1]
				done()
			}
			continue
		case string:
			if n := len(stack); n > 0 && stack[n-1].object && !stack[n-1].value {
				if !plainKey(t) {
					return fmt.Errorf("key %q is unknown", t)
				}
				if stack[n-1].keys[t] {
					return fmt.Errorf("key %q occurs twice", t)
				}
				stack[n-1].keys[t] = true
				stack[n-1].value = true
				continue
			}
		}
		done()
	}
}

func plainKey(k string) bool {
	for i := 0; i < len(k); i++ {
		if c := k[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return k != ""
}

// readFile reads a JSON file of the bundle.
func readFile[T schemaOf](bundle fs.FS, name string) (T, error) {
	var zero T
	f, err := bundle.Open(name)
	if err != nil {
		return zero, fmt.Errorf("reading %s: %w", name, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return zero, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(b) > maxFile {
		return zero, fmt.Errorf("reading %s: it is larger than %d bytes", name, maxFile)
	}
	v, err := decodeStrict[T](b)
	if err != nil {
		return zero, fmt.Errorf("reading %s: %w", name, err)
	}
	return v, nil
}

// readLines reads a .jsonl file. A file that is not there has no lines. whole is false if the last line has no newline:
// it was being written when the run ended, and is ignored.
func readLines[T schemaOf](bundle fs.FS, name string) (lines []T, whole bool, err error) {
	f, err := bundle.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading %s: %w", name, err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 64<<10)
	for n := 1; ; n++ {
		line, ended, err := boundedLine(r)
		if err != nil {
			return nil, false, fmt.Errorf("reading %s, line %d: %w", name, n, err)
		}
		if !ended {
			return lines, len(line) == 0, nil
		}
		if n > maxLines {
			return nil, false, fmt.Errorf("reading %s: it has more than %d lines", name, maxLines)
		}
		v, err := decodeStrict[T](line)
		if err != nil {
			return nil, false, fmt.Errorf("reading %s, line %d: %w", name, n, err)
		}
		lines = append(lines, v)
	}
}

// boundedLine reads up to and without the next newline; ended is false at the end of the file.
func boundedLine(r *bufio.Reader) (line []byte, ended bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, false, fmt.Errorf("it is longer than %d bytes", maxLine)
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], true, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF:
			return line, false, nil
		default:
			return nil, false, err
		}
	}
}

// ParsePlan reads the bytes of a plan.json, as strictly as Judge does.
func ParsePlan(b []byte) (Plan, error) { return parse[Plan](b, planName) }

// ReadPhoneLines reads phone.jsonl of a phone of a bundle.
func ReadPhoneLines(bundle fs.FS, id string) ([]Phone, error) {
	lines, _, err := readLines[Phone](bundle, path.Join(phonesName, id, phoneName))
	return lines, err
}

// ReadPolicy reads policy.json of a bundle.
func ReadPolicy(bundle fs.FS) (Policy, error) { return readFile[Policy](bundle, policyName) }

// ReadAttempts reads attempts.jsonl of a phone of a bundle.
func ReadAttempts(bundle fs.FS, id string) ([]Attempt, error) {
	lines, _, err := readLines[Attempt](bundle, path.Join(phonesName, id, attemptsName))
	return lines, err
}

func parse[T schemaOf](b []byte, name string) (T, error) {
	if len(b) > maxFile {
		var zero T
		return zero, fmt.Errorf("reading %s: it is larger than %d bytes", name, maxFile)
	}
	v, err := decodeStrict[T](b)
	if err != nil {
		return v, fmt.Errorf("reading %s: %w", name, err)
	}
	return v, nil
}

// Sought is what a phone's traffic is searched for: a line of secrets.jsonl, without the value of an identifier.
type Sought struct {
	ID, Role, Kind, Label, Recipient string
	Value                            string // of a canary only
	Key                              Key    // the cell that it was minted for
}

// ReadSought lists the canaries and identifiers of a phone, in the order of secrets.jsonl. A bundle without secrets has none.
func ReadSought(bundle fs.FS, id string) ([]Sought, error) {
	lines, _, err := readLines[Secret](bundle, path.Join(phonesName, id, secretsName))
	out := make([]Sought, 0, len(lines))
	for _, s := range lines {
		x := Sought{ID: s.ID, Role: s.Role, Kind: s.Kind, Label: s.Label, Recipient: s.Recipient, Key: s.Key}
		if s.Role != SecretIdentifier {
			x.Value = s.Value
		}
		out = append(out, x)
	}
	return out, err
}

// ReadIdentifiers gives the sha256, in hex, of each identifier of a phone by its id, so that two runs can be compared
// without showing a value. An identifier that changed during the run has the digest of its last value.
func ReadIdentifiers(bundle fs.FS, id string) (map[string]string, error) {
	lines, _, err := readLines[Secret](bundle, path.Join(phonesName, id, secretsName))
	out := map[string]string{}
	for _, s := range lines {
		if s.Role == SecretIdentifier {
			sum := sha256.Sum256([]byte(s.Value))
			out[s.ID] = hex.EncodeToString(sum[:])
		}
	}
	return out, err
}
