package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Phone appends to one phone's folder. Its methods may be called from many goroutines; a line is on disk when its method
// returns. One process at a time holds a phone.
type Phone struct {
	id   string
	dir  string
	root *os.Root
	held *os.File // the folder

	mu    sync.Mutex
	files map[string]*os.File
	lines int64  // of the journal
	prev  string // sha256 of its last line, hex

	hidden []string // what words must not say, and what they say instead, in turn
}

// OpenPhone opens phones/<id> of a bundle, creating it if need be. What a killed process left as half a line is dropped:
// it never was a record.
func OpenPhone(bundle, id string) (*Phone, error) {
	p, err := openPhone(bundle, id)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of %s: %w", id, err)
	}
	return p, nil
}

func openPhone(bundle, id string) (_ *Phone, err error) {
	if !plainName(id) {
		return nil, fmt.Errorf("phone id %q is not a folder name", id)
	}
	top, err := os.OpenRoot(bundle)
	if err != nil {
		return nil, err
	}
	defer top.Close()
	name := phonesName + "/" + id
	if err := top.MkdirAll(name, 0o700); err != nil {
		return nil, err
	}
	p := &Phone{id: id, dir: filepath.Join(bundle, phonesName, id), files: map[string]*os.File{}, hidden: homeless()}
	if p.root, err = top.OpenRoot(name); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if p.held, err = hold(p.dir, phoneHold); err != nil {
		return nil, err
	}
	for _, file := range []string{phoneName, secretsName, attemptsName, journalName, resultsName} {
		size, last, err := endsWhole(p.root, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := dropHalf(p.root, file, size); err != nil {
			return nil, err
		}
		if file == journalName && len(last) > 0 {
			var l JournalLine
			if err := json.Unmarshal(last, &l); err != nil {
				return nil, fmt.Errorf("reading the last line of %s: %w", journalName, err)
			}
			p.lines, p.prev = l.N, sha256Hex(last)
			if err := p.settleLast(l); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// settleLast says of what a killed process had announced, and not stored, that it is missing.
func (p *Phone) settleLast(l JournalLine) error {
	file, _ := l.Data["file"].(string)
	if l.Event != eventKept || !fs.ValidPath(file) {
		return nil
	}
	if _, err := p.root.Lstat(file); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return p.AppendJournal(eventMissing, map[string]any{"file": file, "why": "the run was killed while it was stored"})
}

func dropHalf(root *os.Root, name string, size int64) error {
	info, err := root.Lstat(name)
	if err != nil || info.Size() == size {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// Path is the phone's folder.
func (p *Phone) Path() string { return p.dir }

// FS shows the phone's folder, as the recorder's reader wants it.
func (p *Phone) FS() fs.FS { return p.root.FS() }

// AppendPhone writes what the phone said of itself.
func (p *Phone) AppendPhone(l leak.Phone) error {
	l.Schema = leak.Schema
	return p.append(phoneName, l)
}

// AppendSecret writes a raw value down. It must be on disk before an action uses it.
func (p *Phone) AppendSecret(s leak.Secret) error {
	s.Schema = leak.Schema
	if s.Role == leak.SecretIdentifier {
		p.Hide(s.Value, "("+s.ID+")")
	}
	return p.append(secretsName, s)
}

// AppendAttempt writes an attempt down, when it is over.
func (p *Phone) AppendAttempt(a leak.Attempt) error {
	a.Schema = leak.Schema
	if a.Claims == nil {
		a.Claims = []leak.Claim{}
	}
	if a.Canaries == nil {
		a.Canaries = []string{}
	}
	if a.Markers == nil {
		a.Markers = []leak.Marker{}
	}
	if a.Counters.Deltas == nil {
		a.Counters.Deltas = []leak.Delta{}
	}
	if a.Counters.Sockets == nil {
		a.Counters.Sockets = []leak.Sock{}
	}
	return p.append(attemptsName, a)
}

// Result is a line of results.jsonl: a provisional verdict, as it was stated. Verify alone reads it, and no verdict rests on it.
type Result struct {
	Schema  int              `json:"schema"`
	Verdict leak.CellVerdict `json:"verdict"`
}

// AppendResult writes a provisional verdict down.
func (p *Phone) AppendResult(v leak.CellVerdict) error {
	return p.append(resultsName, Result{Schema: Schema, Verdict: v})
}

// JournalLine is a line of journal.jsonl.
type JournalLine struct {
	Schema int            `json:"schema"`
	N      int64          `json:"n"`       // from 1
	Prev   string         `json:"prev"`    // sha256 of the line before without its newline, hex; empty in the first
	HostUS int64          `json:"host_us"` // the host's clock, microseconds since 1970
	Event  string         `json:"event"`   // command, setting, state ...
	Data   map[string]any `json:"data"`
}

// AppendJournal writes down a command that was sent to the phone, a setting that was changed, or what became of it.
func (p *Phone) AppendJournal(event string, data map[string]any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	line, err := encodeLine(JournalLine{Schema: Schema, N: p.lines + 1, Prev: p.prev, HostUS: time.Now().UnixMicro(), Event: event, Data: data})
	if err != nil {
		return fmt.Errorf("writing %s of %s: %w", journalName, p.id, err)
	}
	if err := p.put(journalName, line); err != nil {
		return err
	}
	p.lines, p.prev = p.lines+1, sha256Hex(line[:len(line)-1])
	return nil
}

func (p *Phone) append(name string, v any) error {
	line, err := encodeLine(v)
	if err != nil {
		return fmt.Errorf("writing %s of %s: %w", name, p.id, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if name == phoneName || name == attemptsName {
		line = p.veiled(line)
	}
	return p.put(name, line)
}

// put writes one line and syncs it. The caller holds mu.
func (p *Phone) put(name string, line []byte) error {
	f := p.files[name]
	if f == nil {
		var err error
		if f, err = p.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
			return fmt.Errorf("writing %s of %s: %w", name, p.id, err)
		}
		p.files[name] = f
	}
	_, err := f.Write(line)
	if err = errors.Join(err, f.Sync()); err != nil {
		return fmt.Errorf("writing %s of %s: %w", name, p.id, err)
	}
	return nil
}

// encodeLine writes JSON as one line, with text that is not UTF-8 made so: encoding/json puts U+FFFD in its place.
func encodeLine(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// Close lets go of the phone's files.
func (p *Phone) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, f := range p.files {
		errs = append(errs, f.Close())
	}
	p.files = map[string]*os.File{}
	if p.held != nil {
		errs = append(errs, p.held.Close())
		p.held = nil
	}
	return errors.Join(append(errs, p.root.Close())...)
}
