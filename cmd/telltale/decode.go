package main

import (
	"bufio"
	"context"
	"errors"
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
	Flow int64  `help:"FILE is a phone's flows.jsonl: show all that the phone said in its flow N, with address, headers, and the TLS of both halves of its way." placeholder:"N"`
	File string `arg:"" help:"A captured body as it went over the wire; - is standard input."`
}

// Help is shown below the flags.
func (decodeCmd) Help() string {
	return `Peels a body layer by layer and shows every value with its place, then what nothing explains.

Example:
  cd evidence/20261121T120000Z-1f2e/phones/redmi-note-8
  telltale decode bodies/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  telltale decode --flow 13 flows.jsonl

EXIT STATUS
  0  done
  1  the file could not be read, or has no such flow`
}

// maxDecodeFile is the longest body that is read: 1 GiB.
const maxDecodeFile = 1 << 30

// maxShown is how much of a value is shown, in bytes.
const maxShown = 400

// Run shows the values of one body, or of one flow.
func (d *decodeCmd) Run(ctx context.Context, c *console) error {
	said, way, err := d.said(c)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(c.Out)
	for _, l := range way {
		if err := d.line(out, l); err != nil {
			return err
		}
	}
	for i := range said {
		rep := decode.Peel(said[i], decode.DefaultLimits(), func(v *decode.Value) bool {
			err = d.value(out, v)
			return err == nil && ctx.Err() == nil
		})
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = d.rest(out, rep)
		}
		if err != nil {
			break
		}
	}
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	return err
}

// said is what is to be shown, in the decoder's terms, and what goes before it.
func (d *decodeCmd) said(c *console) ([]decode.Sent, []decodedLine, error) {
	if d.Flow != 0 {
		return flowSaid(d.File, d.Flow)
	}
	in := c.In
	if d.File != "-" {
		f, err := os.Open(d.File)
		if err != nil {
			return nil, nil, fmt.Errorf("opening a body: %w", err)
		}
		defer f.Close()
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, maxDecodeFile))
	if err != nil {
		return nil, nil, fmt.Errorf("reading a body: %w", err)
	}
	return []decode.Sent{{Kind: decode.KindRequest, Body: body, BodyCut: len(body) == maxDecodeFile}}, nil, nil
}

// decodedLine is a line of --json: a value, or what could not be read.
type decodedLine struct {
	Kind       string   `json:"kind"` // text, bytes, int, opaque, name, truncated; of a flow also tls
	Location   string   `json:"location"`
	Transforms []string `json:"transforms,omitempty"`
	Bytes      int      `json:"bytes"`
	Value      string   `json:"value"` // bytes in hex; why it is opaque; the name; the limit
}

// rest tells what the values leave open.
func (d *decodeCmd) rest(out io.Writer, rep decode.Report) error {
	var errs []error
	for _, o := range rep.Opaque {
		errs = append(errs, d.line(out, decodedLine{Kind: "opaque", Location: o.Location, Bytes: o.Bytes, Value: fmt.Sprintf("%s, entropy %d.%03d bits a byte", o.Reason, o.Entropy/1000, o.Entropy%1000)}))
	}
	for _, n := range rep.Names {
		errs = append(errs, d.line(out, decodedLine{Kind: "name", Location: n.Location, Value: n.Name}))
	}
	for _, l := range rep.Limits {
		errs = append(errs, d.line(out, decodedLine{Kind: "truncated", Location: "body", Value: l}))
	}
	return errors.Join(errs...)
}

func (d *decodeCmd) value(out io.Writer, v *decode.Value) error {
	if v.Trial {
		return nil
	}
	kind := map[decode.ValueKind]string{decode.Text: "text", decode.Bytes: "bytes", decode.Int: "int"}[v.Kind]
	data, more := v.Data, ""
	if len(data) > maxShown {
		data, more = data[:maxShown], "..."
	}
	shown := string(data) + more
	if v.Kind == decode.Bytes {
		shown = fmt.Sprintf("%x%s", data, more)
	}
	at := v.Location()
	if _, name, ok := strings.Cut(at, " "); ok && at == v.Part() && name == string(v.Data) {
		at += "(key)" // the name of a header or cookie, which is searched as well
	}
	return d.line(out, decodedLine{kind, at, v.Transforms(), len(v.Data), shown})
}

func (d *decodeCmd) line(out io.Writer, l decodedLine) error {
	if d.JSON {
		return printJSON(out, l)
	}
	_, err := fmt.Fprintf(out, "%-9s  %s  %s\n", l.Kind, safe.Text(l.Location), safe.Text(l.Value))
	return err
}
