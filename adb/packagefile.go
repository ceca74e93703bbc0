package adb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxPaths is more files than a package is split into.
const maxPaths = 100

// PackageFiles lists the files of an installed package, its base first; none if it is not installed.
func (d *Device) PackageFiles(ctx context.Context, pkg string) ([]string, error) {
	res, err := d.Shell(ctx, "pm", "path", pkg)
	var exit *ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	return ParsePackageFiles(res.Stdout), nil
}

// ParsePackageFiles reads `pm path`: a line "package:FILE" for each.
func ParsePackageFiles(text []byte) []string {
	var out []string
	for line := range strings.Lines(string(text)) {
		if file, ok := strings.CutPrefix(strings.TrimSpace(line), "package:"); ok && strings.HasPrefix(file, "/") && len(out) < maxPaths {
			out = append(out, clip(file))
		}
	}
	return out
}

var digestLine = regexp.MustCompile(`^([0-9a-f]{64})\s`)

// FileSHA256 asks the phone for a file's digest, in hex. toybox has sha256sum since Android 6.
func (d *Device) FileSHA256(ctx context.Context, file string) (string, error) {
	return read(ctx, d, "taking the digest of "+describe([]string{file}), func(text []byte) (string, error) {
		m := digestLine.FindSubmatch(text)
		if m == nil {
			return "", fmt.Errorf("no digest: %s", firstLines(string(text)))
		}
		return string(m[1]), nil
	}, "sha256sum", file)
}
