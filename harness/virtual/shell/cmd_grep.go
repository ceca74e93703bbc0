package shell

import (
	"io"
	"regexp"
	"strconv"
	"strings"
)

// grepCommands search.
var grepCommands = map[string]command{"grep": grep, "egrep": grep, "fgrep": grep}

func grep(c *call) int {
	letters, args := c.flags()
	limit := -1
	if i := strings.IndexByte(letters, 'm'); i >= 0 && len(args) > 0 {
		n, rest := letters[i+1:], args
		if n == "" {
			n, rest = args[0], args[1:]
		}
		if v, err := strconv.Atoi(n); err == nil {
			limit, args, letters = v, rest, letters[:i]
		}
	}
	if len(args) == 0 {
		return c.usage()
	}
	has := func(r string) bool { return strings.Contains(letters, r) }
	pattern := args[0]
	switch {
	case has("F") || c.name == "fgrep":
		pattern = regexp.QuoteMeta(pattern)
	case !has("E") && c.name != "egrep":
		pattern = basic(pattern)
	}
	if has("w") {
		pattern = `\b(?:` + pattern + `)\b`
	}
	if has("x") {
		pattern = `^(?:` + pattern + `)$`
	}
	if has("i") {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return c.fail(2, "grep: bad regex '%s'", args[0])
	}
	found, number, names := 0, 0, args[1:]
	code := c.sources(names, func(r io.Reader) error {
		c.lines(r, func(line string) bool {
			number++
			if re.MatchString(line) == has("v") {
				return true
			}
			found++
			switch {
			case has("q"):
				return false
			case has("c"), has("l"):
			case has("o") && !has("v"):
				for _, m := range re.FindAllString(line, -1) {
					c.println(m)
				}
			case has("n"):
				c.printf("%d:%s\n", number, line)
			default:
				c.println(line)
			}
			return limit < 0 || found < limit
		})
		return nil
	})
	if has("c") {
		c.printf("%d\n", found)
	}
	if has("l") && found > 0 && len(names) > 0 {
		c.println(names[0])
	}
	switch {
	case found > 0:
		return 0
	case code != 0:
		return 2
	}
	return 1
}

// basic turns a basic regular expression into an extended one: in the former, the operators need a backslash.
func basic(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch ch := p[i]; {
		case ch == '\\' && i+1 < len(p) && strings.IndexByte("(){}|+?", p[i+1]) >= 0:
			i++
			b.WriteByte(p[i])
		case ch == '\\' && i+1 < len(p):
			b.WriteByte(ch)
			i++
			b.WriteByte(p[i])
		case ch == '[':
			end := strings.IndexByte(p[min(i+2, len(p)):], ']')
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString(p[i : i+2+end+1])
			i += 2 + end
		case strings.IndexByte("(){}|+?", ch) >= 0, ch == '*' && i == 0:
			b.WriteByte('\\')
			b.WriteByte(ch)
		default:
			b.WriteByte(ch)
		}
	}
	return b.String()
}

// sed knows s/a/b/[g] and Np with -n, one or several with -e.
func sed(c *call) int {
	quiet, extended := false, false
	var scripts, names []string
	for args := c.args; len(args) > 0; args = args[1:] {
		switch a := args[0]; {
		case a == "-n":
			quiet = true
		case a == "-E" || a == "-r":
			extended = true
		case a == "-e" && len(args) > 1:
			scripts, args = append(scripts, args[1]), args[1:]
		case len(scripts) == 0:
			scripts = append(scripts, a)
		default:
			names = append(names, a)
		}
	}
	var edits []func(n int, line string) (string, bool)
	for _, s := range scripts {
		edit, ok := sedScript(s, extended)
		if !ok {
			return c.fail(1, "sed: unsupported script '%s'", s)
		}
		edits = append(edits, edit)
	}
	return c.sources(names, func(r io.Reader) error {
		n := 0
		c.lines(r, func(line string) bool {
			n++
			show := !quiet
			for _, edit := range edits {
				out, also := edit(n, line)
				line, show = out, show || also
			}
			if show {
				c.println(line)
			}
			return true
		})
		return nil
	})
}

func sedScript(s string, extended bool) (func(int, string) (string, bool), bool) {
	if n, err := strconv.Atoi(strings.TrimSuffix(s, "p")); err == nil && strings.HasSuffix(s, "p") {
		return func(at int, line string) (string, bool) { return line, at == n }, true
	}
	if len(s) < 4 || s[0] != 's' {
		return nil, false
	}
	parts := strings.Split(s[2:], s[1:2])
	if len(parts) != 3 {
		return nil, false
	}
	pattern := parts[0]
	if !extended {
		pattern = basic(pattern)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, false
	}
	with := regexp.MustCompile(`\\([0-9])`).ReplaceAllString(strings.ReplaceAll(parts[1], "$", "$$"), "$${$1}")
	with = strings.ReplaceAll(with, "&", "${0}")
	return func(_ int, line string) (string, bool) {
		hit := re.MatchString(line)
		if strings.Contains(parts[2], "g") {
			line = re.ReplaceAllString(line, with)
		} else if loc := re.FindStringSubmatchIndex(line); loc != nil {
			line = line[:loc[0]] + string(re.ExpandString(nil, with, line, loc)) + line[loc[1]:]
		}
		return line, hit && strings.Contains(parts[2], "p")
	}, true
}
