package main

import (
	"errors"
	"strings"
	"testing"
)

// What ginkgo says of a label filter is passed on as one line that names the flag; anything else stays as it was said.
func TestPlanError(t *testing.T) {
	const syntax = "\x1b[38;5;9mGinkgo detected configuration issues:\x1b[0m\n\x1b[1mSyntax Error Parsing Label Filter\x1b[0m\n  ((\n  Mismatched '(' - could not find matching ')'.\n\n  Learn more at: http://example.test\n"
	for _, tt := range []struct{ name, filter, said, want string }{
		{"a filter that ends too early", "((", syntax, `--filter "((": Mismatched '(' - could not find matching ')'.`},
		{"a panic", "smoke", "panic: boom\n", "planning: exit status 2\npanic: boom"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := planError(tt.filter, tt.said, errors.New("exit status 2")).Error()
			if !strings.HasPrefix(got, tt.want) || strings.Contains(got, "\x1b") {
				t.Errorf("%q", got)
			}
		})
	}
}
