package adb

import (
	"fmt"
	"strings"
)

// Quote makes one word of the phone's shell out of any text without NUL: adb joins arguments with blanks and hands one
// line to the phone's mksh, so every argument must be quoted.
func Quote(arg string) string {
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// commandLine quotes every argument.
func commandLine(argv []string) (string, error) {
	if len(argv) == 0 || argv[0] == "" {
		return "", fmt.Errorf("no command")
	}
	var t strings.Builder
	for i, a := range argv {
		if strings.ContainsRune(a, 0) {
			return "", fmt.Errorf("argument %d holds a NUL byte", i)
		}
		if i > 0 {
			t.WriteByte(' ')
		}
		t.WriteString(Quote(a))
	}
	return t.String(), nil
}
