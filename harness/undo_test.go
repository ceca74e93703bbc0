package harness

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func entry(key string, old *string) UndoEntry {
	value := "127.0.0.1:18080"
	return UndoEntry{Serial: "7c2d9a10", Phone: "redmi", Namespace: "global", Key: key, Old: old, New: &value}
}

func TestUndoOutlivesItsWriter(t *testing.T) {
	state := t.TempDir()
	u, err := OpenUndo(state, "7c2d9a10")
	if err != nil {
		t.Fatal(err)
	}
	was := "10.0.0.1:3128"
	for _, e := range []UndoEntry{entry("http_proxy", &was), entry("global_proxy_pac_url", nil)} {
		if err := u.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	// The writer dies here, in the middle of a third line.
	path := filepath.Join(state, "undo", "7c2d9a10.jsonl")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"schema":1,"serial":"7c2d`); err != nil {
		t.Fatal(err)
	}
	f.Close()

	again, err := OpenUndo(state, "7c2d9a10")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(u.Entries(), again.Entries()); diff != "" {
		t.Fatalf("what the journal says after a crash (-before +after):\n%s", diff)
	}
	if err := again.Add(entry("stay_on_while_plugged_in", nil)); err != nil {
		t.Fatal(err)
	}
	third, err := OpenUndo(state, "7c2d9a10")
	if err != nil || len(third.Entries()) != 3 {
		t.Fatalf("%d entries after the half line was written over, %v", len(third.Entries()), err)
	}
	open, err := UndoSerials(state)
	if err != nil || len(open) != 1 || open[0].Serial != "7c2d9a10" {
		t.Fatalf("open journals: %+v, %v", open, err)
	}
	if err := third.Done(); err != nil {
		t.Fatal(err)
	}
	if open, err := UndoSerials(state); err != nil || len(open) != 0 {
		t.Fatalf("open journals after all was put back: %+v, %v", open, err)
	}
}

func TestForgetDeadKeepsWhatMayComeBack(t *testing.T) {
	state := t.TempDir()
	add := func(serial string, run bool) {
		t.Helper()
		u, err := OpenUndo(state, serial)
		if err != nil {
			t.Fatal(err)
		}
		e := entry("http_proxy", nil)
		e.Serial, e.Run = serial, run
		if err := u.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	add("usb", false)
	add("dead", true)
	add("driven", true)
	lock, err := LockPhone(t.Context(), state, "driven")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	if err := ForgetDead(state); err != nil {
		t.Fatal(err)
	}
	open, err := UndoSerials(state)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range open {
		left = append(left, e.Serial)
	}
	if diff := cmp.Diff([]string{"driven", "usb"}, left); diff != "" {
		t.Fatalf("journals left (-want +got):\n%s", diff)
	}
}

func TestUndoRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"another schema": `{"schema":2,"serial":"s","namespace":"global","key":"k"}` + "\n",
		"no key":         `{"schema":1,"serial":"s","namespace":"global"}` + "\n",
		"not ours":       "hello\n",
		"a switch of which nobody wrote down how it stood": `{"schema":1,"serial":"s","namespace":"switch","key":"a.b","old":null,"new":"on"}` + "\n",
		"a switch that was neither on nor off":             `{"schema":1,"serial":"s","namespace":"switch","key":"a.b","old":"maybe","new":"on"}` + "\n",
		"a switch with a script":                           `{"schema":1,"serial":"s","namespace":"switch","key":"a.b","old":"off","new":"on","script":"reboot"}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseUndo([]byte(raw)); err == nil {
				t.Fatal("read without an error: a setting would not be put back, and nobody would know")
			}
		})
	}
}

func FuzzParseUndo(f *testing.F) {
	f.Add([]byte(`{"schema":1,"serial":"s","namespace":"global","key":"http_proxy","old":null,"new":"a:1"}` + "\n"))
	f.Add([]byte(`{"schema":1,"serial":"s","namespace":"switch","key":"a.b","old":"off","new":"on","personality":"clean","pin_env":"PIN"}` + "\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		entries, err := parseUndo(raw)
		if err != nil {
			return
		}
		for _, e := range entries {
			if e.Serial == "" || e.Key == "" {
				t.Fatalf("an entry that cannot be put back: %+v", e)
			}
		}
	})
}

func TestFileNamesOfSerialsDiffer(t *testing.T) {
	serials := []string{"127.0.0.1:5555", "127.0.0.1_5555", "127.0.0.1_3a_5555", "../evil", "a/b", ".hidden", "", "7C2D", "7c2d", "x\x00y"}
	seen := map[string]string{}
	for _, s := range serials {
		name := fileName(s)
		if other, twice := seen[name]; twice {
			t.Errorf("%q and %q share the file %q", s, other, name)
		}
		seen[name] = s
		if filepath.Base(name+".lock") != name+".lock" || name != "" && name[0] == '.' {
			t.Errorf("%q makes the file name %q", s, name)
		}
	}
}

// Keep leaves what could not be put back, and a writer that dies in the middle of it leaves the old journal or the new.
func TestUndoKeepsWhatIsLeft(t *testing.T) {
	state := t.TempDir()
	u, err := OpenUndo(state, "7c2d9a10")
	if err != nil {
		t.Fatal(err)
	}
	off, on := "off", "on"
	left := UndoEntry{Serial: "7c2d9a10", Phone: "redmi", Namespace: switchNamespace, Key: "org.mozilla.firefox", Old: &off, New: &on, Personality: "clean", PINEnv: "PIN"}
	for _, e := range []UndoEntry{entry("http_proxy", nil), left, entry("global_proxy_pac_url", nil)} {
		if err := u.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	died := filepath.Join(state, "undo", "7c2d9a10.jsonl.next")
	if err := os.WriteFile(died, []byte("half a li"), 0o600); err != nil {
		t.Fatal(err)
	}
	if open, err := UndoSerials(state); err != nil || len(open) != 1 {
		t.Fatalf("beside one that was never finished: %+v, %v", open, err)
	}
	if err := u.Keep(u.Entries()[1:2]); err != nil {
		t.Fatal(err)
	}
	if err := u.Add(entry("stay_on_while_plugged_in", nil)); err != nil { // the run goes on
		t.Fatal(err)
	}
	left.Schema = undoSchema
	again, err := OpenUndo(state, "7c2d9a10")
	if err != nil {
		t.Fatal(err)
	}
	want := []UndoEntry{left, entry("stay_on_while_plugged_in", nil)}
	want[1].Schema = undoSchema
	if diff := cmp.Diff(want, again.Entries()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := again.Keep(nil); err != nil {
		t.Error(err)
	}
	if err := again.Done(); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(filepath.Join(state, "undo")); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}
