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

// flowSaid reads what the phone said in one flow of a recording, as the judge searches it. Bodies lie beside the file.
func flowSaid(file string, seq int64) ([]decode.Sent, error) {
	if filepath.Base(file) != "flows.jsonl" {
		return nil, fmt.Errorf("reading flow %d: %s is no flows.jsonl; name the one in the phone's folder", seq, file)
	}
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("reading flow %d: %w", seq, err)
	}
	defer root.Close()
	r, err := record.Open(root.FS())
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	flows, err := r.Flows()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
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
			return nil, fmt.Errorf("reading the body of flow %d: %w", seq, err)
		}
		return said, nil
	}
	return nil, fmt.Errorf("reading %s: it has no flow %d", file, seq)
}
