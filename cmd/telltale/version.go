package main

import "runtime/debug"

// release is set by the Makefile through -ldflags; empty in a plain `go build`.
var release string

// version is the release, if the build named one, and the commit that the binary was built from.
func version() string {
	v := release
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return orElse(v, "unknown")
	}
	var commit, dirty string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "-modified"
			}
		}
	}
	if v == "" {
		v = orElse(info.Main.Version, "devel")
	}
	if commit == "" {
		return v
	}
	return v + " (" + commit + dirty + ")"
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
