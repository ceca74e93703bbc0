package main

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// servedYAML is a devices.yaml for phones that this process serves. Each block under phones: can also be pasted into a
// file that already has the browsers and search engines.
func servedYAML(phones []served, resolve, roots string) string {
	search, browsers := map[string]string{}, map[string]string{}
	var blocks strings.Builder
	for _, p := range phones {
		ids := []string{}
		for _, app := range p.kind.Apps {
			if app.Kind != personality.Web {
				continue
			}
			id := browserID(app.Package)
			ids = append(ids, id)
			search[app.Web.Engine] = engineHost(app.Web.SearchURL)
			browsers[id] = fmt.Sprintf("{app: %s, search: %s%s}", app.Package, app.Web.Engine, baseline(app.Package))
		}
		fmt.Fprintf(&blocks, "  - id: %s\n", p.id)
		fmt.Fprintf(&blocks, "    kind: %s\n", profile.Virtual)
		fmt.Fprintf(&blocks, "    personality: %s\n", p.kind.Name)
		fmt.Fprintf(&blocks, "    address: %q\n", p.phone.Addr())
		fmt.Fprintf(&blocks, "    settle: {min: 500ms, max: 10s}\n")
		fmt.Fprintf(&blocks, "    upstream: {resolve: %q, trust: %s}\n", resolve, strconv.Quote(roots))
		fmt.Fprintf(&blocks, "    allow: [force-stop]\n")
		fmt.Fprintf(&blocks, "    browsers: [%s]\n", strings.Join(ids, ", "))
	}
	var b strings.Builder
	b.WriteString("version: 1\nsites:\n  control: control.telltale.test\n  search:\n")
	for _, id := range slices.Sorted(maps.Keys(search)) {
		fmt.Fprintf(&b, "    %s: %s\n", id, search[id])
	}
	b.WriteString("browsers:\n")
	for _, id := range slices.Sorted(maps.Keys(browsers)) {
		fmt.Fprintf(&b, "  %s: %s\n", id, browsers[id])
	}
	return b.String() + "phones:\n" + blocks.String()
}

// engineHost is the host of a search address with %s in it.
func engineHost(address string) string {
	u, err := url.Parse(strings.ReplaceAll(address, "%s", "x"))
	if err != nil {
		return ""
	}
	return u.Hostname()
}
