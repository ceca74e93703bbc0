package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// decodeCmd shows what a captured body says.
type decodeCmd struct {
	JSON bool   `help:"One JSON object a line."`
	File string `arg:"" help:"A captured body as it went over the wire; - is standard input."`
}

// Help is shown below the flags.
func (decodeCmd) Help() string {
	return `Peels a body layer by layer and shows every value with its place, then what nothing explains.

Example:
  telltale decode evidence/2026-11-21-a1b2/phones/redmi-note-8/bodies/9f86d081884c7d65

EXIT STATUS
  0  done
  1  the file could not be read`
}

// maxDecodeFile is the longest body that is read: 1 GiB.
const maxDecodeFile = 1 << 30

// maxShown is how much of a value is shown, in bytes.
const maxShown = 400

// Run shows the values of one body.
func (d *decodeCmd) Run(ctx context.Context, c *console) error {
	in := c.In
	if d.File != "-" {
		f, err := os.Open(d.File)
		if err != nil {
			return fmt.Errorf("opening a body: %w", err)
		}
		defer f.Close()
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, maxDecodeFile))
	if err != nil {
		return fmt.Errorf("reading a body: %w", err)
	}
	out := bufio.NewWriter(c.Out)
	rep := decode.Peel(decode.Sent{Kind: decode.KindRequest, Body: body, BodyCut: len(body) == maxDecodeFile}, decode.DefaultLimits(), func(v *decode.Value) bool {
		err = d.value(out, v)
		return err == nil && ctx.Err() == nil
	})
	if err == nil {
		err = ctx.Err()
	}
	for _, o := range rep.Opaque {
		fmt.Fprintf(out, "opaque  %s  %s, %d bytes, entropy %d.%03d bits a byte\n", safe.Text(o.Location), safe.Text(o.Reason), o.Bytes, o.Entropy/1000, o.Entropy%1000)
	}
	for _, n := range rep.Names {
		fmt.Fprintf(out, "named  %s  %s\n", safe.Text(n.Location), n.Name)
	}
	if len(rep.Limits) > 0 {
		fmt.Fprintf(out, "truncated  %s\n", strings.Join(rep.Limits, ", "))
	}
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	return err
}

func (d *decodeCmd) value(out io.Writer, v *decode.Value) error {
	kind := map[decode.ValueKind]string{decode.Text: "text", decode.Bytes: "bytes", decode.Int: "int"}[v.Kind]
	data, more := v.Data, ""
	if len(data) > maxShown {
		data, more = data[:maxShown], fmt.Sprintf("... (%d bytes)", len(v.Data))
	}
	shown := string(data)
	if v.Kind == decode.Bytes {
		shown = fmt.Sprintf("%x", data)
	}
	if d.JSON {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		return enc.Encode(struct {
			Location   string   `json:"location"`
			Transforms []string `json:"transforms"`
			Kind       string   `json:"kind"`
			Bytes      int      `json:"bytes"`
			Value      string   `json:"value"`
		}{v.Location(), v.Transforms(), kind, len(v.Data), shown})
	}
	_, err := fmt.Fprintf(out, "%s  %s  %s%s\n", safe.Text(v.Location()), kind, safe.Text(shown), more)
	return err
}
