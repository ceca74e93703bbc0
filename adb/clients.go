package adb

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Client is an adb command of this computer.
type Client struct {
	Path    string
	Version int // protocol version: 41 of "Android Debug Bridge version 1.0.41"
}

// Clients finds the adb commands in the folders of a PATH, and asks each for its version, which contacts no server. A
// command whose version differs from a running server's ends that server and starts its own: every phone is lost for a
// moment, and reverse tunnels with it.
func Clients(ctx context.Context, path string) ([]Client, error) {
	const op = "asking the adb commands for their versions"
	var out []Client
	var seen []string
	for _, dir := range filepath.SplitList(path) {
		file, err := exec.LookPath(filepath.Join(dir, "adb"))
		if dir == "" || err != nil {
			continue
		}
		if real, err := filepath.EvalSymlinks(file); err == nil {
			file = real
		}
		if slices.Contains(seen, file) || len(seen) == maxClients {
			continue
		}
		seen = append(seen, file)
		v, err := clientVersion(ctx, file)
		if err != nil {
			return nil, newFault(Protocol, "", op, err)
		}
		out = append(out, Client{Path: file, Version: v})
	}
	if len(out) == 0 {
		return nil, newFault(NotInstalled, "", op, nil)
	}
	return out, nil
}

// maxClients is more adb commands than anybody has on a PATH.
const maxClients = 8

var clientLine = regexp.MustCompile(`(?m)^Android Debug Bridge version 1\.0\.(\d{1,4})\s*$`)

func clientVersion(ctx context.Context, file string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, file, "version")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return 0, errors.New(file + " version: " + err.Error())
	}
	return ParseClientVersion(out)
}

// ParseClientVersion reads what `adb version` prints.
func ParseClientVersion(text []byte) (int, error) {
	m := clientLine.FindSubmatch(text[:min(len(text), 4<<10)])
	if m == nil {
		return 0, errors.New("no version: " + firstLines(string(text[:min(len(text), 500)])))
	}
	return strconv.Atoi(string(m[1]))
}
