package evidence

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Name is what a column is headed with.
func (x Column) Name() string {
	switch {
	case x.Idle:
		return x.Browser + ", left alone"
	case x.Baseline:
		return x.Browser + " (baseline)"
	}
	return x.Browser
}

// Word is its verdict in a word.
func (x Column) Word() string {
	switch {
	case x.Outcome == "":
		return "not run"
	case x.Except:
		return "clean, except"
	}
	return x.Outcome
}

// Class is how the report marks it.
func (x Column) Class() string {
	switch {
	case x.Outcome == "":
		return "none"
	case x.Except:
		return "except"
	}
	return x.Outcome
}

// Said is what leaked there, and to whom.
func (x Column) Said() []string {
	var out []string
	for _, l := range x.Leaked {
		out = append(out, fmt.Sprintf("%s to %s, %s", l.What, l.Host, plural(int64(l.Times), "time")))
	}
	return out
}

// to lists the hosts that something leaked to.
func (x Column) to() string {
	var hosts []string
	for _, l := range x.Leaked {
		hosts = append(hosts, l.Host)
	}
	return dash(strings.Join(sorted(hosts), ", "))
}

// None is what to say where nothing leaked.
func (x Column) None() string {
	what := "nothing"
	if x.Idle {
		what = "no identifier of the phone"
	}
	switch {
	case x.Outcome == "":
		return "-"
	case x.Except:
		return what + " was found, except in what is accepted unread"
	case x.Outcome == string(leak.Clean):
		return what + " was found"
	}
	return what + " was found, but not all could be looked at"
}

// Contacted says in a line how much was sent to how many.
func (x Column) Contacted() string {
	switch {
	case x.Outcome == "":
		return "-"
	case x.Unknown != "":
		return "not known"
	case len(x.Destinations) == 0:
		return "nobody"
	}
	var domains []string
	flows, bytes := x.Unlisted, int64(0)
	for _, d := range x.Destinations {
		flows, bytes = flows+d.Flows, bytes+d.Bytes
		if !slices.Contains(domains, d.Domain) {
			domains = append(domains, d.Domain)
		}
	}
	return fmt.Sprintf("%s, %s, %s", plural(int64(len(domains)), "domain"), plural(int64(flows), "flow"), plural(bytes, "byte"))
}

// Unseen says in a line what nobody read.
func (x Column) Unseen() string {
	if x.Outcome == "" {
		return "-"
	}
	var parts []string
	unread := 0
	for _, d := range x.Destinations {
		unread += d.Opaque + d.Accepted
	}
	if unread > 0 {
		parts = append(parts, fmt.Sprintf("%s unread, to destinations that got %s", plural(int64(unread), "flow"), plural(x.UnreadBytes, "byte")))
	}
	if x.AroundBytes > 0 {
		parts = append(parts, plural(x.AroundBytes, "byte")+" around the proxy")
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, "; ")
	case x.Unknown != "":
		return "not known"
	}
	return "nothing"
}

// Watched says for how long it was looked at.
func (x Column) Watched() string {
	switch {
	case x.Outcome == "":
		return "-"
	case x.WatchedUS == 0:
		return plural(int64(x.Attempts), "attempt")
	}
	return fmt.Sprintf("%s, %s each", plural(int64(x.Attempts), "attempt"), duration(x.each()))
}

// Where says whom a destination is, and who sent to it if that was another app.
func (d ComparedTo) Where(app string) string {
	text := d.Domain
	if d.App != app {
		text += " by " + appWord(d.App)
	}
	if d.Meant {
		text += " (where the scenario goes)"
	}
	return text
}

// Count says how much was sent there, and how much of it was read.
func (d ComparedTo) Count() string {
	text := fmt.Sprintf("%s, %s, ", plural(int64(d.Flows), "flow"), plural(d.Bytes, "byte"))
	if len(d.Hosts) > 1 || len(d.Hosts) == 1 && d.Hosts[0] != d.Domain {
		text = strings.Join(d.Hosts, ", ") + ": " + text
	}
	switch {
	case d.Readable == d.Flows:
		return text + "all read"
	case d.Accepted > 0:
		return fmt.Sprintf("%s%d read, %d unread, %d of these accepted", text, d.Readable, d.Opaque+d.Accepted, d.Accepted)
	}
	return fmt.Sprintf("%s%d read, %d unread", text, d.Readable, d.Opaque)
}

// sideBySideText is the comparison for a terminal: a row a column of each scenario.
func sideBySideText(all []SideBySide) string {
	var b strings.Builder
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Phone == all[0].Phone {
			n++
		}
		comparedPhone(&b, all[:n])
		all = all[n:]
	}
	return b.String()
}

func comparedPhone(b *strings.Builder, all []SideBySide) {
	kind := ""
	if all[0].Kind == leak.KindVirtual {
		kind = ", a virtual phone"
	}
	fmt.Fprintf(b, "\nSIDE BY SIDE ON %s%s (contacted is not leaked)\n", all[0].Phone, kind)
	rows := [][]string{{"SCENARIO", "VARIANT", "BROWSER", "VERDICT", "LEAKED TO", "CONTACTED", "NOT SEEN"}}
	var cannot []string
	for _, c := range all {
		scenario, variant := c.Scenario, c.Variant
		for _, x := range c.Columns {
			rows = append(rows, []string{scenario, variant, x.Name(), x.Word(), x.to(), x.Contacted(), x.Unseen()})
			scenario, variant = "", ""
		}
		for _, line := range c.Cannot {
			if !slices.Contains(cannot, line) {
				cannot = append(cannot, line)
			}
		}
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range rows {
		writeRow(b, row, widths)
	}
	for i, line := range cannot {
		if i == 2*tableReasons {
			wrapped(b, 4, tableWidth, fmt.Sprintf("... and %d more, in the report", len(cannot)-i))
			break
		}
		wrapped(b, 4, tableWidth, "not comparable: "+line)
	}
}
