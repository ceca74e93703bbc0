package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Undo is the journal of what we changed on one phone: each change is on disk before it is made, so that whatever kills
// us, the next start (or `telltale restore`) can put the phone back. The journal is a file per serial in the state
// directory; it exists exactly as long as something may be left to undo.
type Undo struct {
	path    string
	file    *os.File
	entries []UndoEntry
}

// UndoEntry is one setting that we change, a switch in an app's own settings, or one other thing that a script of the
// phone's shell undoes. Old is what stood there before: nil if it was not set.
type UndoEntry struct {
	Schema    int     `json:"schema"`
	Serial    string  `json:"serial"`
	Phone     string  `json:"phone"`             // id in devices.yaml, for messages
	ADB       string  `json:"adb,omitempty"`     // adb server of the phone, empty for the usual one
	Address   string  `json:"address,omitempty"` // to connect that server to, of a phone on the network
	Run       bool    `json:"run,omitempty"`     // the phone lived inside the run that changed it, and died with it
	Namespace string  `json:"namespace"`
	Key       string  `json:"key"`
	Old       *string `json:"old"`
	New       *string `json:"new"`
	Script    string  `json:"script,omitempty"` // undoes it, as often as it is run; Namespace is then scriptNamespace, Key names it

	// Of a switch in an app, which somebody has to lead to: which catalogue knows the way, and where the PIN is.
	Switch      string `json:"switch,omitempty"` // which of its switches: empty for that of its certificates
	Personality string `json:"personality,omitempty"`
	PINEnv      string `json:"pin_env,omitempty"`
}

const undoSchema = 1

// scriptNamespace marks an entry that is no setting.
const scriptNamespace = "script"

// undoLimit bounds a journal: a run changes a handful of settings.
const undoLimit = 1 << 20

// OpenUndo opens the journal of a serial, with what an earlier run left in it. It creates no file until the first Add.
func OpenUndo(state, serial string) (*Undo, error) {
	u := &Undo{path: filepath.Join(state, "undo", fileName(serial)+".jsonl")}
	raw, err := os.ReadFile(u.path)
	if errors.Is(err, fs.ErrNotExist) {
		return u, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the undo journal of %s: %w", serial, err)
	}
	u.entries, err = parseUndo(raw)
	if err != nil {
		return nil, fmt.Errorf("reading the undo journal %s: %w", u.path, err)
	}
	return u, nil
}

// UndoSerials lists the serials that have an open journal, as their entries name them.
func UndoSerials(state string) ([]UndoEntry, error) {
	files, err := os.ReadDir(filepath.Join(state, "undo"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing undo journals: %w", err)
	}
	var out []UndoEntry
	for _, f := range files {
		if filepath.Ext(f.Name()) != ".jsonl" {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(state, "undo", f.Name()))
		if err != nil {
			return nil, fmt.Errorf("listing undo journals: %w", err)
		}
		entries, err := parseUndo(raw)
		if err != nil {
			return nil, fmt.Errorf("reading the undo journal %s: %w", f.Name(), err)
		}
		if len(entries) > 0 {
			out = append(out, entries[0])
		}
	}
	return out, nil
}

// ForgetDead drops the journals of phones that lived inside a run and died with it. A run that still goes on holds its
// phones' locks, and keeps them.
func ForgetDead(state string) error {
	open, err := UndoSerials(state)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range open {
		if !e.Run {
			continue
		}
		lock, err := tryLock(state, e.Serial)
		if errors.Is(err, errLocked) {
			continue
		}
		if err == nil {
			var u *Undo
			if u, err = OpenUndo(state, e.Serial); err == nil {
				err = u.Done()
			}
			err = errors.Join(err, lock.Unlock())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// parseUndo reads a journal. A last line that was cut off by a crash is dropped: its change was never made, since a
// change follows only after its line is synced.
func parseUndo(raw []byte) ([]UndoEntry, error) {
	if len(raw) > undoLimit {
		return nil, fmt.Errorf("%d bytes, more than %d: not one of ours", len(raw), undoLimit)
	}
	end := bytes.LastIndexByte(raw, '\n') + 1
	var out []UndoEntry
	lines := bufio.NewScanner(bytes.NewReader(raw[:end]))
	lines.Buffer(nil, undoLimit)
	for n := 1; lines.Scan(); n++ {
		var e UndoEntry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if e.Schema != undoSchema {
			return nil, fmt.Errorf("line %d: schema %d, this telltale knows %d", n, e.Schema, undoSchema)
		}
		if e.Serial == "" || e.Namespace == "" || e.Key == "" {
			return nil, fmt.Errorf("line %d: no serial, namespace or key", n)
		}
		if (e.Namespace == scriptNamespace) != (e.Script != "") {
			return nil, fmt.Errorf("line %d: a script and its namespace belong together", n)
		}
		if e.Namespace == switchNamespace && (e.Old == nil || *e.Old != state(true) && *e.Old != state(false)) {
			return nil, fmt.Errorf("line %d: a switch that was neither on nor off", n)
		}
		out = append(out, e)
	}
	return out, lines.Err()
}

// Entries returns what may be left to undo, oldest first.
func (u *Undo) Entries() []UndoEntry { return u.entries }

// Add writes a change that is about to be made, and returns when it is on disk.
func (u *Undo) Add(e UndoEntry) error {
	e.Schema = undoSchema
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("writing the undo journal of %s: %w", e.Phone, err)
	}
	if u.file == nil {
		if err := u.create(); err != nil {
			return fmt.Errorf("writing the undo journal of %s: %w", e.Phone, err)
		}
	}
	if _, err := u.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing the undo journal of %s: %w", e.Phone, err)
	}
	if err := u.file.Sync(); err != nil {
		return fmt.Errorf("writing the undo journal of %s: %w", e.Phone, err)
	}
	u.entries = append(u.entries, e)
	return nil
}

// create opens the file for appending, cutting a half-written last line off first, and makes its name durable.
func (u *Undo) create() error {
	dir := filepath.Dir(u.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(u.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(u.path)
	if err == nil {
		end := int64(bytes.LastIndexByte(raw, '\n') + 1)
		if err = f.Truncate(end); err == nil {
			_, err = f.Seek(end, 0)
		}
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		f.Close()
		return err
	}
	u.file = f
	return nil
}

// Keep makes a journal hold nothing but some of its entries: everything else has been put back and read back. It is whole
// at any moment, the old one or the new one.
func (u *Undo) Keep(entries []UndoEntry) error {
	switch len(entries) {
	case len(u.entries):
		return nil
	case 0:
		return u.Done()
	}
	next := &Undo{path: u.path + ".next"}
	if err := next.Done(); err != nil { // of a writer that died in the middle
		return err
	}
	for _, e := range entries {
		if err := next.Add(e); err != nil {
			return err
		}
	}
	if u.file != nil {
		u.file.Close()
		u.file = nil
	}
	if next.file != nil {
		next.file.Close()
	}
	if err := os.Rename(next.path, u.path); err != nil {
		return fmt.Errorf("closing what was put back in the undo journal: %w", err)
	}
	u.entries = next.entries
	return syncDir(filepath.Dir(u.path))
}

// Done removes the journal: everything in it has been put back and read back.
func (u *Undo) Done() error {
	if u.file != nil {
		u.file.Close()
		u.file = nil
	}
	u.entries = nil
	if err := os.Remove(u.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("closing the undo journal: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
