package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

// The name of a header is searched too; nobody must take it for what stood there.
func TestDecodeTellsNamesFromValues(t *testing.T) {
	var out bytes.Buffer
	d := decodeCmd{}
	sent := decode.Sent{Kind: decode.KindRequest, Target: "https://a.example/", Headers: []flow.Header{{Name: "X-Long-Header-Name", Value: "quokka"}}}
	decode.Peel(sent, decode.DefaultLimits(), func(v *decode.Value) bool {
		if err := d.value(&out, v); err != nil {
			t.Error(err)
		}
		return true
	})
	for _, want := range []string{"header X-Long-Header-Name(key)  X-Long-Header-Name\n", "header X-Long-Header-Name  quokka\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
}
