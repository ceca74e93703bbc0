package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/harness/profile"
)

// The block that `devices --yaml` prints must load, whatever the phone says of itself.
func TestPrintedBlockLoads(t *testing.T) {
	tests := []struct {
		name, serial string
		props        map[string]string
		installed    []string
		id           string
		browsers     int
	}{
		{"a Redmi", "7c2d9a10", map[string]string{"ro.product.model": "Redmi Note 8", "ro.product.device": "ginkgo"}, []string{"com.android.browser", "com.android.chrome", "com.android.settings"}, "redmi-note-8", 2},
		{"a serial of digits", "00123456", map[string]string{"ro.product.model": "MI 9"}, nil, "mi-9", 0},
		{"a serial that looks like a number", "12e45", nil, nil, "12e45", 0},
		{"a phone on the network", "192.168.0.164:5555", map[string]string{"ro.product.device": "true"}, []string{"org.mozilla.firefox"}, "true", 1},
		{"a hostile model", "abc", map[string]string{"ro.product.model": "a: &x [\n- !!tag \u202e", "ro.product.device": "}\n  evil: \"true"}, []string{"com.brave.browser"}, "a-x-tag", 1},
		{"a model without a letter", "abc", map[string]string{"ro.product.model": "小米"}, nil, "abc", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			block := usbBlock(tt.serial, tt.props, tt.installed)
			head := "version: 1\nsites:\n  search: {duckduckgo: duckduckgo.com}\n"
			var defs, phone strings.Builder
			for line := range strings.Lines(block) {
				if def, ok := strings.CutPrefix(line, "#   "); ok {
					defs.WriteString("  " + def)
				} else {
					phone.WriteString(line)
				}
			}
			if defs.Len() > 0 {
				head += "browsers:\n" + defs.String()
			}
			path := filepath.Join(t.TempDir(), "devices.yaml")
			if err := os.WriteFile(path, []byte(head+"phones:\n"+phone.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := profile.Load(path)
			if err != nil {
				t.Fatalf("%v\n%s", err, block)
			}
			p := cfg.Phones[0]
			if p.ID != tt.id || p.Serial != tt.serial || len(p.Browsers) != tt.browsers {
				t.Errorf("got id %s, serial %s, %d browsers\n%s", p.ID, p.Serial, len(p.Browsers), block)
			}
			if want := tt.props["ro.product.device"]; p.Expect["ro.product.device"] != want {
				t.Errorf("expects device %q, want %q", p.Expect["ro.product.device"], want)
			}
		})
	}
}
