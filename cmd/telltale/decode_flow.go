package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// flowSaid reads what the phone said in one flow of a recording, as the judge searches it, and how the way there was
// secured. Bodies lie beside the file.
func flowSaid(file string, seq int64) ([]decode.Sent, []decodedLine, error) {
	if filepath.Base(file) != "flows.jsonl" {
		return nil, nil, fmt.Errorf("reading flow %d: %s is no flows.jsonl; name the one in the phone's folder", seq, file)
	}
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, nil, fmt.Errorf("reading flow %d: %w", seq, err)
	}
	defer root.Close()
	r, err := record.Open(root.FS())
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", file, err)
	}
	flows, err := r.Flows()
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", file, err)
	}
	for i := range flows {
		if flows[i].Seq != seq {
			continue
		}
		said := leak.Said(&flows[i], func(b *flow.Body) (body []byte) {
			in, openErr := r.Body(b)
			if err = openErr; err != nil {
				return nil
			}
			defer in.Close()
			body, err = io.ReadAll(io.LimitReader(in, maxDecodeFile))
			return body
		})
		if err != nil {
			return nil, nil, fmt.Errorf("reading the body of flow %d: %w", seq, err)
		}
		return said, secured(&flows[i]), nil
	}
	return nil, nil, fmt.Errorf("reading %s: it has no flow %d", file, seq)
}

// secured tells of the handshakes of a flow's two halves.
func secured(f *flow.Flow) (out []decodedLine) {
	if f.TLS != nil {
		out = append(out, decodedLine{Kind: "tls", Location: "phone to proxy", Value: f.TLS.String()})
	}
	if f.ServerTLS != nil {
		out = append(out, decodedLine{Kind: "tls", Location: "proxy to server", Value: f.ServerTLS.String()})
	}
	return out
}
