package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// contract is what scripts outside this repository rely on: for each verb its flags, and the codes it may end with.
// --help, --state and --version belong to all.
var contract = map[string]struct{ flags, codes string }{
	"run":     {"--devices --filter --repeat --out --resume", "0 1 3 4 5 6 130"},
	"devices": {"--yaml --json", "0 1"},
	"doctor":  {"--devices --json --explain", "0 1 4"},
	"restore": {"", "0 1"},
	"judge":   {"--json", "0 1 3 4 5 6"},
	"verify":  {"--json", "0 1 5 6"},
	"diff":    {"--json", "0 1 3 4"},
	"report":  {"--json", "0 1"},
	"ask":     {"--json --yes", "0 1 130"},
	"redact":  {"", "0 1"},
	"history": {"--json", "0 1"},
	"scan":    {"--canaries --json", "0 1 3 4"},
	"decode":  {"--json --flow", "0 1"},
	"proxy":   {"--listen --ca-dir --trust --record --pcap --pass-after", "0 1"},
	"virtual": {"--personality --manifest-dir", "0 1"},
}

var (
	helpFlag = regexp.MustCompile(`(?m)^ +(?:-[a-z], +)?(--[a-z-]+)`)
	helpCode = regexp.MustCompile(`(?m)^ +([0-9]{1,3})  `)
	told     = regexp.MustCompile("(?:`|bin/|\n    )telltale ([a-z]+)((?: [^`\n;|&#]*)?)")
	flagWord = regexp.MustCompile(`(?:^| )(--[a-z][a-z-]*)`)
)

// Each verb's help names the flags and the exit codes of the contract, and no others.
func TestHelpIsTheContract(t *testing.T) {
	for verb, want := range contract {
		var out bytes.Buffer
		if code := run(context.Background(), []string{verb, "--help"}, &console{In: strings.NewReader(""), Out: &out, Err: &out}); code != exitClean {
			t.Fatalf("%s --help: exit status %d", verb, code)
		}
		_, codes, _ := strings.Cut(out.String(), "EXIT STATUS")
		codes, _, _ = strings.Cut(codes, "\nFlags:")
		var flags, ends []string
		for _, m := range helpFlag.FindAllStringSubmatch(out.String(), -1) {
			if !slices.Contains(ofAll, m[1]) {
				flags = append(flags, m[1])
			}
		}
		for _, m := range helpCode.FindAllStringSubmatch(codes, -1) {
			ends = append(ends, m[1])
		}
		for what, c := range map[string]struct {
			got  []string
			want string
		}{"flags": {flags, want.flags}, "codes": {ends, want.codes}} {
			wanted := strings.Fields(c.want)
			slices.Sort(wanted)
			slices.Sort(c.got)
			if !slices.Equal(c.got, wanted) {
				t.Errorf("%s has the %s %q, want %q", verb, what, c.got, wanted)
			}
		}
	}
}

var ofAll = []string{"--help", "--state", "--version"}

// Whatever the documents tell somebody to type is a verb that there is, with flags that it has.
func TestDocumentsTellWhatThereIs(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range append(files, "../../README.md", "../../devices.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range told.FindAllStringSubmatch(string(text), -1) {
			verb, known := contract[m[1]]
			if seen++; !known {
				t.Errorf("%s tells to type %q: there is no such verb", filepath.Base(file), strings.TrimSpace(m[0]))
			}
			for _, f := range flagWord.FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(append(strings.Fields(verb.flags), ofAll...), f[1]) {
					t.Errorf("%s tells to type %q: there is no %s of %s", filepath.Base(file), strings.TrimSpace(m[0]), f[1], m[1])
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d commands were found in the documents", seen)
	}
}
