package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// printJSON is the one way of a value to --json, a line each: what phones and servers said in it stays what it is for a
// program, and moves no cursor of a terminal.
func printJSON(out io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err := out.Write(safe.JSON(b.Bytes()))
	return err
}

// printStored prints the JSON text of a file byte for byte, so that it can be compared with the file; on a terminal as
// [printJSON] would.
func printStored(out io.Writer, text []byte) error {
	if file, ok := out.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			text = safe.JSON(text)
		}
	}
	_, err := out.Write(text)
	return err
}
