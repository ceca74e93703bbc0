package profile

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

var (
	idForm       = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	packageForm  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`)
	hostForm     = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+$`)
	serialForm   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$`)
	propertyForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_:@-]+)+$`)
	envForm      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	sizeForm     = regexp.MustCompile(`^([0-9]{1,9})(KiB|MiB|GiB)$`)
)

// longest is the longest that anything may wait: beyond a day it is a mistake.
const longest = 24 * time.Hour

// largest is the largest size: beyond a tebibyte it is a mistake.
const largest = int64(1) << 40

// id reads an id: the name of a phone, browser or search engine in every run and comparison.
func (r *reader) id(n ast.Node, what string) string {
	s := r.text(n, what)
	r.checkID(n, s, what)
	return s
}

func (r *reader) checkID(n ast.Node, s, what string) {
	if r.err == nil && !idForm.MatchString(s) {
		r.fail(n, "use lower-case letters, digits and -, at most 64, and begin with a letter or digit", "%s is %s", what, shown(s))
	}
}

// packageName reads the name of an Android package.
func (r *reader) packageName(n ast.Node, what string) string {
	s := r.text(n, what)
	if r.err == nil && (!packageForm.MatchString(s) || len(s) > 255) {
		r.fail(n, "write the package's name, such as com.android.browser", "%s is %s", what, shown(s))
	}
	return s
}

// host reads a DNS name: lower case, no scheme, port or path.
func (r *reader) host(n ast.Node, what string) string {
	s := r.text(n, what)
	r.checkHost(n, s, what)
	return s
}

func (r *reader) checkHost(n ast.Node, s, what string) {
	if r.err != nil || (hostForm.MatchString(s) && len(s) <= 253) {
		return
	}
	bare := strings.ToLower(s)
	if _, after, ok := strings.Cut(bare, "://"); ok {
		bare = after
	}
	bare, _, _ = strings.Cut(bare, "/")
	bare, _, _ = strings.Cut(bare, ":")
	remedy := "write a host name, such as duckduckgo.com"
	if hostForm.MatchString(bare) && len(bare) <= 253 {
		remedy = "write the host alone: " + bare
	}
	r.fail(n, remedy, "%s is %s", what, shown(s))
}

// hostPort reads HOST:PORT, where HOST is an address or a name.
func (r *reader) hostPort(n ast.Node, what string) string {
	s := r.text(n, what)
	if r.err != nil {
		return ""
	}
	if _, err := netip.ParseAddrPort(s); err == nil {
		if !strings.HasSuffix(s, ":0") {
			return s
		}
	} else if name, port, ok := strings.Cut(s, ":"); ok && (name == "localhost" || hostForm.MatchString(name)) {
		if p, err := strconv.ParseUint(port, 10, 16); err == nil && p > 0 && port[0] != '0' {
			return s
		}
	}
	r.fail(n, "write an address or a name with a port, such as 127.0.0.1:5555", "%s is %s", what, shown(s))
	return ""
}

// duration reads a time with its unit.
func (r *reader) duration(n ast.Node, what string) time.Duration {
	if r.err != nil {
		return 0
	}
	s := r.text(n, what)
	if r.err != nil {
		return 0
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		remedy := "write a number with its unit, such as 500ms, 20s or 2m"
		if _, bare := strconv.ParseFloat(s, 64); bare == nil {
			remedy = "add the unit, such as " + s + "s"
		}
		r.fail(n, remedy, "%s is %s", what, shown(s))
	case d <= 0 || d > longest:
		r.fail(n, "it must be more than 0 and at most 24h", "%s is %s", what, shown(s))
	}
	return d
}

// size reads a number of bytes with its unit.
func (r *reader) size(n ast.Node, what string) int64 {
	s := r.text(n, what)
	if r.err != nil {
		return 0
	}
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		r.fail(n, "write a whole number with KiB, MiB or GiB, such as 64MiB", "%s is %s", what, shown(s))
		return 0
	}
	shift := map[string]uint{"KiB": 10, "MiB": 20, "GiB": 30}[m[2]]
	v, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || v == 0 || v > largest>>shift {
		r.fail(n, "it must be at least 1KiB and at most 1024GiB", "%s is %s", what, shown(s))
		return 0
	}
	return v << shift
}
