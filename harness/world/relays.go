package world

import (
	"os"
	"path/filepath"
)

// Relays is the folder of the programs that run on phones, relay-arm64 and so on: beside our own binary, where
// `make build` puts them. Empty if there are none; phones are then driven without.
func Relays() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	dir := filepath.Dir(self)
	if found, _ := filepath.Glob(filepath.Join(dir, "relay-*")); len(found) == 0 {
		return ""
	}
	return dir
}

// Programs are the files whose copies virtual phones may run: the relays.
func Programs() []string {
	dir := Relays()
	if dir == "" {
		return nil
	}
	found, _ := filepath.Glob(filepath.Join(dir, "relay-*")) // the pattern is well formed
	return found
}
