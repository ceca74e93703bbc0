package leak

import "testing"

// The name of a build is no identifier; a number that only happens to hold the version of some app is none the less one.
func TestNamesBuild(t *testing.T) {
	facts := []string{"V12.0.3.0.QJOMIXM", "8612", "3456", "1.2.3", "Redmi Note 9"}
	for value, want := range map[string]bool{
		"V12.0.3.0.QJOMIXM":        true,
		"V12.0.3.0.QJOMIXM-8612":   true,
		"merlin_8612_3456":         true,
		"861203456789012":          false,
		"86120345-6789012":         false,
		"9f3c0a7b-e1d2-4c58-8612a": false,
	} {
		if got := namesBuild([]string{value}, facts); got != want {
			t.Errorf("%s: %t", value, got)
		}
	}
}
