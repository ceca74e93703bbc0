package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// A phone's text that would move a cursor or turn a line around is in --json as an escape, and means what it meant.
func TestJSONMovesNoCursor(t *testing.T) {
	const hostile = "gauge\u009b2J\u202eplinth\u2066<&>"
	for _, args := range [][]string{{"decode", "--json", "-"}, {"decode", "-"}} {
		var out, errs bytes.Buffer
		c := &console{In: strings.NewReader(`{"q":"` + hostile + `"}`), Out: &out, Err: &errs}
		if code := run(t.Context(), args, c); code != exitClean {
			t.Fatalf("%v: exit status %d: %s", args, code, &errs)
		}
		found := false
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			if safe.Text(line) != line {
				t.Errorf("%v printed %q", args, line)
			}
			var l decodedLine
			found = found || json.Unmarshal([]byte(line), &l) == nil && l.Value == hostile
		}
		if found != (len(args) == 3) {
			t.Errorf("%v printed the value: %v\n%s", args, found, &out)
		}
	}
}

// A stored file that is printed stays what it is, byte for byte, unless a terminal would obey it.
func TestStoredJSONStays(t *testing.T) {
	text := []byte("{\"a\":\"\u009b2J\"}")
	var pipe bytes.Buffer
	if err := printStored(&pipe, text); err != nil || !bytes.Equal(pipe.Bytes(), text) {
		t.Errorf("%q, %v", pipe.Bytes(), err)
	}
}

// One function prints JSON, so that no verb forgets what it takes care of.
func TestJSONHasOneDoor(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		if file == "json.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"json.NewEncoder", "json.Marshal("} {
			if bytes.Contains(source, []byte(other)) {
				t.Errorf("%s calls %s; printJSON is what prints", file, other)
			}
		}
	}
}
