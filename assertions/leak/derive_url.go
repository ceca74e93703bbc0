package leak

import (
	"net/url"
	"strings"
)

// url derives from a URL: the whole, the whole with what does not change its meaning taken away or changed, and its parts.
func (d *derivation) url(v string) {
	d.add(v, ClassExact, edgeText)
	_, rest, ok := strings.Cut(v, "://")
	if !ok {
		return
	}
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	host := authority
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		host = host[:i]
	}
	bare, _, _ := strings.Cut(tail, "#")
	path, query, hasQuery := strings.Cut(bare, "?")
	if len(strings.Trim(path, "/"))+len(query) > 0 {
		d.whole(v, host, authority, bare)
		if hasQuery {
			d.part(host+path, edgeSite, "no-query")
			if len(path) >= 8 {
				d.part(bare, edgeText, "path")
			}
		}
		if len(strings.Trim(path, "/")) >= 7 {
			d.part(path, edgeText, "path")
		}
		if last := path[strings.LastIndexByte(path, '/')+1:]; unmistakable(last) {
			d.part(last, edgeAny, "path", "last-segment")
		}
	}
	d.part(host, edgeHost, "host")
	d.digestPart(host, "host")
	d.digestPart(host+path, "no-query")
	if scheme, _, _ := strings.Cut(v, "://"); hasQuery {
		d.digestPart(scheme+"://"+authority+path, "no-query")
	}
}

// whole adds the forms that still are the whole URL.
func (d *derivation) whole(v, host, authority, bare string) {
	for _, h := range []string{authority, host, strings.TrimPrefix(host, "www."), "www." + strings.TrimPrefix(host, "www.")} {
		d.normalURL(v, h+bare, "normalised-url")
		d.normalURL(v, h+strings.TrimSuffix(bare, "/"), "normalised-url")
	}
	if s, err := url.QueryUnescape(authority + bare); err == nil && s != authority+bare {
		d.normalURL(v, s, "normalised-url", "unescaped")
	}
	if s, err := url.PathUnescape(authority + bare); err == nil && s != authority+bare {
		d.normalURL(v, s, "normalised-url", "unescaped")
	}
	if s := strings.ReplaceAll(authority+bare, "+", "%20"); s != authority+bare {
		d.normalURL(v, s, "normalised-url")
	}
	if s := strings.TrimSuffix(v, "/"); s != v {
		d.digest(s, "normalised-url")
	}
	d.digest(host+bare, "normalised-url")
	if noFragment, _, ok := strings.Cut(v, "#"); ok {
		d.digest(noFragment, "normalised-url")
	}
}

func (d *derivation) normalURL(v, form string, names ...string) {
	for _, p := range d.patterns {
		if string(p.exact) == form {
			return
		}
	}
	if form != v && strings.ContainsAny(form, "/?") {
		d.add(form, ClassNormalised, edgeSite, names...)
	}
}

func (d *derivation) part(form string, e edge, names ...string) {
	d.add(form, ClassPart, e, names...)
}

func (d *derivation) digestPart(text string, names ...string) {
	n := len(d.inputs)
	d.digest(text, names...)
	if len(d.inputs) > n {
		d.inputs[n].part = true
	}
}
