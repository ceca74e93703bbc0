package evidence

import (
	"regexp"
	"strings"
)

// What a phone named may stand in a command that people paste only if it is made of these.
var (
	plainKey  = regexp.MustCompile(`^[A-Za-z0-9_$-]{1,60}$`)
	plainPath = regexp.MustCompile(`^phones/[A-Za-z0-9_-]+/bodies/[0-9a-f]{64}$`)
	jsonPath  = regexp.MustCompile(`^\$((?:\[[0-9]{1,6}\]|\.[A-Za-z0-9_$-]{1,60})*)$`)
	jsonStep  = regexp.MustCompile(`\[[0-9]+\]|\.[A-Za-z0-9_$-]+`)
)

// byTool are the layers that a tool of every computer removes.
var byTool = map[string]string{
	"base64":    "base64 -d",
	"base64url": "tr -- -_ +/ | base64 -d",
	"hex":       "xxd -r -p",
	"gzip":      "gzip -dc",
	"zlib":      `python3 -c 'import sys,zlib;sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read()))'`,
	"deflate":   `python3 -c 'import sys,zlib;sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read(),-15))'`,
	"brotli":    "brotli -dc",
	"zstd":      "zstd -dc",
	"bzip2":     "bzip2 -dc",
	"plus":      "tr + ' '",
	"percent":   percentTool,
}

const percentTool = `python3 -c 'import sys,urllib.parse as u;sys.stdout.buffer.write(u.unquote_to_bytes(sys.stdin.buffer.read()))'`

// byHand gives the command that removes the layers of a location without any tool of ours, as far as there is one; empty
// if there is none. It is run in the bundle's folder.
func byHand(body, location string) string {
	steps := strings.Split(location, " > ")
	if !plainPath.MatchString(body) || steps[0] != "body" {
		return ""
	}
	var pipe []string
	for i := 1; i < len(steps); i++ {
		next := ""
		if i+1 < len(steps) {
			next = steps[i+1]
		}
		tool := handTool(steps[i], next)
		if tool == "" {
			break
		}
		pipe = append(pipe, tool)
		if next == "plus" && strings.HasPrefix(steps[i], "form ") {
			i++ // its tool has done it: a plus comes off before the percent signs, or one that was escaped would go too
		}
	}
	if len(pipe) == 0 {
		return ""
	}
	return "cat " + body + " | " + strings.Join(pipe, " | ")
}

func handTool(step, next string) string {
	op, detail, _ := strings.Cut(step, " ")
	switch {
	case op == "form" && plainKey.MatchString(detail):
		field := `tr '&' '\n' | sed -n 's/^` + strings.ReplaceAll(detail, "$", `\$`) + `=//p'`
		if next == "base64" || next == "base64url" { // its alphabet has three letters that a form escapes
			return field + ` | sed 's/%2B/+/gI; s/%2F/\//gI; s/%3D/=/gI'`
		}
		if next == "plus" {
			field += " | tr + ' '"
		}
		return field + " | " + percentTool
	case op == "json" && next == "" && jsonPath.MatchString(detail):
		return "python3 -m json.tool"
	case op == "json" && jsonPath.MatchString(detail):
		at := ""
		for _, s := range jsonStep.FindAllString(detail, -1) {
			if s[0] == '.' {
				s = `["` + s[1:] + `"]`
			}
			at += s
		}
		return `python3 -c 'import sys,json;print(json.load(sys.stdin)` + at + `,end="")'`
	case detail == "":
		return byTool[op]
	}
	return ""
}
