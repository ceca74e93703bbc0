package adb

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
)

// Props are a phone's properties, as getprop prints them.
type Props map[string]string

// Props reads all properties in one round trip.
func (d *Device) Props(ctx context.Context) (Props, error) {
	res, err := d.Shell(ctx, "getprop")
	if err != nil {
		return nil, err
	}
	props, err := ParseProps(res.Stdout)
	if err != nil {
		return nil, newFault(Malformed, d.serial, "reading properties", err)
	}
	return props, nil
}

var propStart = regexp.MustCompile(`(?m)^\[([^\[\]\n]{1,256})\]: \[`)

// maxProps is far above what phones have (about 1000).
const maxProps = 20_000

// ParseProps reads lines such as `[ro.product.model]: [Redmi Note 8]`. A value may hold line ends. Of a key that comes
// twice the last value counts. Text that is in no property is an error, lines that begin with '#' apart.
func ParseProps(text []byte) (Props, error) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	starts := propStart.FindAllSubmatchIndex(text, maxProps+1)
	if len(starts) > maxProps {
		return nil, fmt.Errorf("more than %d properties", maxProps)
	}
	if len(starts) == 0 {
		return nil, fmt.Errorf("no property in %d bytes", len(text))
	}
	for line := range strings.Lines(string(text[:starts[0][0]])) {
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") {
			return nil, fmt.Errorf("line %q", clip(line))
		}
	}
	props := make(Props, len(starts))
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		value, ok := strings.CutSuffix(strings.TrimRight(string(text[at[1]:end]), "\n"), "]")
		if !ok {
			return nil, fmt.Errorf("property %s has no end", text[at[2]:at[3]])
		}
		props[string(text[at[2]:at[3]])] = value
	}
	return props, nil
}
