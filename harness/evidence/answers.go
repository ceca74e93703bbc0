package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

// Answers is answers-<time>.json: what destinations of findings themselves answered when somebody let this computer ask
// them. It is no part of what was recorded: no verdict rests on it, and the bundle's sums do not cover it.
type Answers struct {
	Schema   int      `json:"schema"`
	Run      string   `json:"run"`      // of the bundle whose findings named the destinations
	Verdicts string   `json:"verdicts"` // sha256 of that bundle's verdicts.json, hex
	Telltale string   `json:"telltale"` // version that asked
	By       string   `json:"by"`       // AskedByHost
	Begun    string   `json:"begun"`    // RFC 3339, UTC, by the host's clock
	Ended    string   `json:"ended"`
	Answers  []Answer `json:"answers"`
}

// AskedByHost is who asked.
const AskedByHost = "the host, not a phone"

// Answer is what came of asking one address.
type Answer struct {
	URL   string  `json:"url"`
	For   []Named `json:"for"`             // findings that name the destination
	Steps []Step  `json:"steps"`           // one, and one for each redirect that was followed
	Error string  `json:"error,omitempty"` // why there is no answer, or not all of it
}

// Named says where findings name a destination.
type Named struct {
	Phone string  `json:"phone"`
	Flows []int64 `json:"flows"`
}

// Step is one request and its response. What did not come to pass is empty.
type Step struct {
	URL       string        `json:"url"`
	Begun     string        `json:"begun"`               // RFC 3339, UTC, by the host's clock
	Addresses []string      `json:"addresses,omitempty"` // that the name resolved to
	Dialled   string        `json:"dialled,omitempty"`   // the one that was asked, host:port
	Secured   *Secured      `json:"tls,omitempty"`
	Request   []flow.Header `json:"request,omitempty"` // headers of the GET, as they were sent
	Proto     string        `json:"proto,omitempty"`
	Status    int           `json:"status,omitempty"`
	Headers   []flow.Header `json:"headers,omitempty"` // of the response, by name
	Body      *AnswerBody   `json:"body,omitempty"`
	Redirect  string        `json:"redirect,omitempty"` // where the response leads, as it says it
}

// Secured is the TLS of a step.
type Secured struct {
	Version string        `json:"version,omitempty"`
	Cipher  string        `json:"cipher,omitempty"`
	Trusted bool          `json:"trusted"` // by the roots of the host, for this name and at that time
	Certs   []Certificate `json:"certificates"`
}

// Certificate is one of a chain, the server's own first.
type Certificate struct {
	Subject   string   `json:"subject"`
	Issuer    string   `json:"issuer"`
	Names     []string `json:"names,omitempty"`
	NotBefore string   `json:"not_before"`
	NotAfter  string   `json:"not_after"`
	SHA256    string   `json:"sha256"` // of the DER
}

// AnswerBody is a response's body, as far as it was read.
type AnswerBody struct {
	Size   int64  `json:"size"`   // bytes read
	Cut    bool   `json:"cut"`    // there was more, or it did not come to its end
	SHA256 string `json:"sha256"` // of the bytes read
	Bytes  []byte `json:"bytes"`  // base64
}

var answersName = regexp.MustCompile(`^answers-[0-9]{8}T[0-9]{6}Z(-[1-9][0-9]?)?\.json$`)

// Bounds of an answers file.
const (
	maxAnswers     = 16 << 20 // bytes
	maxAnswered    = 200
	maxSteps       = 10
	maxAnswersRead = 50 // files of one bundle
)

// AddAnswers stores answers beside a closed bundle's evidence and gives the name of the file. It changes no other file.
func AddAnswers(dir string, a Answers) (string, error) {
	b, err := Open(dir)
	if err != nil {
		return "", err
	}
	defer b.Release()
	name, err := b.addAnswers(a)
	if err != nil {
		return "", fmt.Errorf("storing what was answered beside the bundle %s: %w", b.name, err)
	}
	return name, nil
}

func (b *Bundle) addAnswers(a Answers) (string, error) {
	a.Schema, a.By = Schema, AskedByHost
	raw, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return "", err
	}
	raw = append(raw, '\n')
	if _, err := b.parseAnswers(raw); err != nil {
		return "", err
	}
	begun, err := time.Parse(time.RFC3339Nano, a.Begun)
	if err != nil {
		return "", err
	}
	stem := "answers-" + begun.UTC().Format("20060102T150405Z")
	for n := range 100 {
		name := stem + ".json"
		if n > 0 {
			name = fmt.Sprintf("%s-%d.json", stem, n)
		}
		if _, err := b.root.Lstat(name); err == nil {
			continue
		}
		return name, errors.Join(b.write(name, raw), syncDir(b.root, "."))
	}
	return "", errors.New("there are a hundred of that second already")
}

// Answered lists the files of answers beside a bundle's evidence, oldest first.
func (b *Bundle) answered() (names []string) {
	all, err := fs.ReadDir(b.root.FS(), ".")
	if err != nil {
		return nil
	}
	for _, e := range all {
		if e.Type().IsRegular() && answersName.MatchString(e.Name()) && len(names) < maxAnswersRead {
			names = append(names, e.Name())
		}
	}
	return names
}

// readAnswers reads one file of answers, as strictly as the evidence itself is read.
func (b *Bundle) readAnswers(name string) (Answers, error) {
	f, err := b.root.Open(name)
	if err != nil {
		return Answers{}, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxAnswers+1))
	if err != nil {
		return Answers{}, err
	}
	return b.parseAnswers(raw)
}

func (b *Bundle) parseAnswers(raw []byte) (a Answers, err error) {
	if len(raw) > maxAnswers {
		return a, fmt.Errorf("it is larger than %d bytes", maxAnswers)
	}
	if err := strictly(raw, &a); err != nil {
		return a, fmt.Errorf("it is no file of answers: %w", err)
	}
	run := b.name
	if r, err := b.run(); err == nil && r.ID != "" {
		run = r.ID
	}
	switch {
	case a.Schema != Schema:
		return a, fmt.Errorf("schema %d is unknown; this telltale reads schema %d", a.Schema, Schema)
	case a.By != AskedByHost:
		return a, errors.New("it does not say that the host asked")
	case a.Run != run:
		return a, errors.New("it belongs to another run")
	case len(a.Answers) > maxAnswered:
		return a, fmt.Errorf("it has more than %d answers", maxAnswered)
	}
	for _, x := range a.Answers {
		if len(x.Steps) > maxSteps {
			return a, fmt.Errorf("an answer has more than %d steps", maxSteps)
		}
		for _, s := range x.Steps {
			if s.Body != nil && (s.Body.SHA256 != sha256Hex(s.Body.Bytes) || s.Body.Size != int64(len(s.Body.Bytes))) {
				return a, fmt.Errorf("the body of %s is not what its sha256 says", s.URL)
			}
		}
	}
	return a, nil
}

// checkAnswers looks at what was added after the bundle was closed. It is named, so that nobody takes it for evidence.
func (b *Bundle) checkAnswers(c *Check, files []string, bad complaint) {
	for _, name := range files {
		if path.Dir(name) != "." || !answersName.MatchString(name) {
			continue
		}
		if _, err := b.readAnswers(name); err != nil {
			bad(name, "%v", err)
			continue
		}
		c.Uncovered = append(c.Uncovered, name)
	}
}

// signed says whether a file lies in the bundle that may hold a signature over its sums, which new sums would break.
func (b *Bundle) signed() bool { return len(b.links("", signatures...)) > 0 }

// Signed says whether a bundle may be signed: its report cannot be written again without breaking that.
func Signed(dir string) (bool, error) {
	b, err := Open(dir)
	if err != nil {
		return false, err
	}
	defer b.Release()
	return b.signed(), nil
}
