package evidence

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// How much a row of the table tells beneath itself; the report has all of it.
const (
	tableFindings = 4
	tableReasons  = 4
	tableText     = 400 // characters of a line, however it is wrapped
	tableWidth    = 100 // columns of what stands beneath a row
)

// Table is the verdict table for a terminal: a row a cell, a column a claim. Beneath a leaked row stand host and chain,
// beneath an inconclusive one the reasons and the block to paste, and every clean row shows what it rests on.
func Table(v leak.Verdicts) string {
	claims := claimsOf(v)
	rows := [][]string{{"PHONE", "KIND", "BROWSER", "SCENARIO", "VARIANT"}}
	for _, c := range claims {
		rows[0] = append(rows[0], strings.ToUpper(string(c)))
	}
	for _, c := range v.Cells {
		row := []string{c.Phone, c.Kind, dash(c.Browser), c.Scenario, c.Variant}
		for _, claim := range claims {
			word := "-"
			if x, ok := c.Claims[claim]; ok {
				word = outcomeWord(x)
			}
			row = append(row, word)
		}
		rows = append(rows, row)
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i := range row {
			row[i] = safe.Line(row[i], 60)
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b strings.Builder
	for i, row := range rows {
		writeRow(&b, row, widths)
		if i > 0 {
			beneath(&b, v.Cells[i-1], tableWidth)
		}
	}
	identifiers(&b, v)
	fmt.Fprintf(&b, "\n%s\n", tally(v))
	if text := banner(v.Kind); text != "" {
		fmt.Fprintf(&b, "%s\n", text)
	}
	return b.String()
}

func writeRow(b *strings.Builder, row []string, widths []int) {
	var line strings.Builder
	for i, text := range row {
		if i > 0 {
			line.WriteString("  ")
		}
		line.WriteString(text)
		line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)))
	}
	b.WriteString(strings.TrimRight(line.String(), " "))
	b.WriteByte('\n')
}

// unwrapped is a width that every line keeps: for programs, which take a line as a whole.
const unwrapped = 1 << 20

// beneath tells why a cell has its outcome, in lines of at most width columns.
func beneath(b *strings.Builder, c leak.CellVerdict, width int) {
	line := func(indent int, text string) { wrapped(b, indent, width, text) }
	if c.Scenario == leak.ControlScenario || c.Scenario == leak.DrainScenario {
		line(4, c.Scenario+": outside the plan")
	}
	var paste []string
	for _, claim := range claimsIn(c) {
		x := c.Claims[claim]
		for i, f := range distinct(x.Findings) {
			if i == tableFindings {
				line(4, fmt.Sprintf("... and %s", plural(int64(len(distinct(x.Findings))-i), "other way")))
				break
			}
			if text := findingLine(f); 4+utf8.RuneCountInString(text) <= width {
				line(4, text)
			} else { // the chain on a line of its own
				head := f
				head.Location, head.Identity = "", nil
				line(4, findingLine(head))
				line(8, f.Location)
				if len(f.Identity) > 0 {
					line(8, "together with "+strings.Join(f.Identity, ", "))
				}
			}
		}
		for i, said := range x.Trials.Lines() {
			if i == 0 || len(distinct(x.Findings)) > tableFindings { // else they are among the findings
				line(4, said)
			}
		}
		for i, r := range x.Reasons {
			if i == tableReasons {
				line(4, fmt.Sprintf("... and %s", plural(int64(len(x.Reasons)-i), "reason")))
				break
			}
			line(4, reasonLine(r))
		}
		for _, r := range x.Reasons {
			if r.Accept != "" && x.Outcome == leak.Inconclusive && !slices.Contains(paste, r.Accept) {
				paste = append(paste, r.Accept)
			}
		}
		for _, a := range x.Accepted {
			line(4, fmt.Sprintf("except %s by %s: %s", acceptedPlace(a), appWord(a.App), a.Why))
		}
	}
	if len(paste) > 0 {
		line(4, "to accept it unread, put into devices.yaml, at phone "+c.Phone+":")
		line(6, "accept:")
		for i, p := range paste {
			if i == 2*tableReasons {
				line(8, fmt.Sprintf("# ... and %s more, in the report", plural(int64(len(paste)-i), "line")))
				break
			}
			fmt.Fprintf(b, "%*s%s\n", 8, "", safe.Line(p, tableText)) // to paste: never wrapped
		}
	}
	if c.Outcome == leak.Clean {
		line(4, coverageLine(c.Coverage))
	}
}

// wrapped writes text at an indent, and what does not fit into the width beneath it, four columns further in. A word is
// never broken: it may be what somebody copies.
func wrapped(b *strings.Builder, indent, width int, text string) {
	text = safe.Line(text, tableText)
	pad := strings.Repeat(" ", indent)
	if indent+utf8.RuneCountInString(text) <= width {
		b.WriteString(pad + text + "\n")
		return
	}
	column := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
			b.WriteString(pad + word)
			column = indent + n
		case column+1+n > width:
			b.WriteString("\n    " + pad + word)
			column = 4 + indent + n
		default:
			b.WriteString(" " + word)
			column += 1 + n
		}
	}
	b.WriteByte('\n')
}

// identifiers tells which apps send identifiers of their phone. It stands beside the verdicts and decides none.
func identifiers(b *strings.Builder, v leak.Verdicts) {
	head := "\nIDENTIFIERS SENT (beside the verdicts; only identity rests on them)\n"
	for _, id := range v.Identity {
		if id.Outcome != leak.Leaked {
			continue
		}
		x := viewIdentity(id, "", nil)
		line := fmt.Sprintf("%s  %s: %s to %s", x.Phone, x.App, strings.Join(x.IDs, ", "), strings.Join(x.Hosts, ", "))
		b.WriteString(head)
		wrapped(b, 0, tableWidth, line)
		head = ""
	}
}

// index is a position in a list, which differs from upload to upload.
var index = regexp.MustCompile(`\[[0-9]+\]`)

// distinct keeps one finding for each destination, app, chain and marker: what a phone repeats is told once.
func distinct(in []leak.Finding) []leak.Finding {
	var out []leak.Finding
	seen := map[string]bool{}
	for _, f := range in {
		key := f.Host + "\x00" + f.App + "\x00" + index.ReplaceAllString(f.Location, "[]") + "\x00" + f.Class
		if f.Class == leak.ClassMarker || f.Class == leak.ClassLearned {
			key += "\x00" + f.Canary
		}
		if !seen[key] {
			seen[key] = true
			out = append(out, f)
		}
	}
	return out
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
