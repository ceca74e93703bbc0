package matrix

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// variable chooses what TestMatrix drives: "full", or names of rows that hold a text.
const variable = "TELLTALE_MATRIX"

// atOnce is how many phones are driven at a time: most of a phone's time is waiting for it to be quiet.
const atOnce = 12

// TestMatrix drives the fixed part of the matrix, or all of it, and prints a row a cell. The last line counts the errors;
// any is a failure, and so is a reason or an encoding that too few cells speak of.
func TestMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("drives virtual phones")
	}
	if raced {
		t.Skip("measures verdicts, not races: `make test` runs it without the race detector")
	}
	which, encodings, least := rows(), allEncodings(), 0
	switch want := os.Getenv(variable); want {
	case "":
		which, encodings, least = fixedPart(which), families, 1
	case "full":
		least = 3
	default:
		which = slices.DeleteFunc(which, func(r row) bool { return !strings.Contains(r.name, want) })
	}
	results := drive(t, which)
	var table tally
	for _, d := range results {
		table.add(t, d)
	}
	table.print(os.Getenv(variable) != "" || t.Failed() || table.errors() > 0)
	if table.errors() > 0 {
		t.Errorf("%d cells were judged wrong", table.errors())
	}
	if table.counted < table.tokens {
		t.Errorf("%d ciphertexts that look like tokens were not even counted", table.tokens-table.counted)
	}
	if least > 0 {
		table.enough(t, encodings, least)
	}
}

func rows() []row {
	var out []row
	for _, group := range []struct {
		name string
		rows []row
	}{
		{"trials", trialRows()}, {"reason", reasonRows()}, {"lie", lieRows()}, {"element", elementRows()}, {"model", modelRows()}, {"verb", verbRows()}, {"identity", identityRows()}, {"encoding", encodingRows()}, {"way", wayRows()},
	} {
		for _, r := range group.rows {
			r.name = group.name + ": " + r.name
			out = append(out, r)
		}
	}
	return out
}

// fixedPart is what every run of the tests can afford: one cell of each kind.
func fixedPart(all []row) []row {
	var out []row
	for _, r := range all {
		if r.part {
			r.cells = r.cells[:max(r.keep, 1)]
			out = append(out, r)
		}
	}
	return out
}

// drive drives all rows, several at a time, and returns what came of them in their order.
func drive(t *testing.T, which []row) []driven {
	t.Helper()
	desks := []*desk{newDesk(t), newDesk(t)} // who breaks an adb server breaks it for few
	out := make([]driven, len(which))
	places := make(chan struct{}, atOnce)
	var work sync.WaitGroup
	for i, r := range which {
		places <- struct{}{}
		work.Go(func() {
			defer func() { <-places }()
			d := desks[0]
			if r.broken() {
				d = desks[1]
			}
			got, err := d.drive(t, r)
			if err != nil {
				t.Errorf("%s: %v\n%s", r.name, err, strings.Join(got.log, "\n"))
				return
			}
			out[i] = got
		})
	}
	work.Wait()
	return slices.DeleteFunc(out, func(d driven) bool { return d.phone == nil })
}

// verdictOf is the final verdict of a cell: its outcome and the codes of its reasons.
func (d driven) verdictOf(c drivenCell) (leak.Outcome, []leak.Code, string) {
	at := slices.IndexFunc(d.verdicts.Cells, func(v leak.CellVerdict) bool { return v.Key == c.key })
	if at < 0 {
		return "", nil, "no verdict"
	}
	v := d.verdicts.Cells[at]
	var codes []leak.Code
	how := ""
	for _, claim := range v.Claims {
		for _, r := range claim.Reasons {
			if !slices.Contains(codes, r.Code) {
				codes = append(codes, r.Code)
			}
			if how == "" {
				how = strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Class, r.Host, r.Detail))
			}
		}
		for _, f := range claim.Findings {
			how = f.Class + " at " + f.Host + " " + f.Location
			break
		}
	}
	slices.Sort(codes)
	if c.token {
		how = fmt.Sprintf("%d tokens", v.Coverage.Tokens)
	}
	return v.Outcome, codes, how
}

// tokens are how many values the coverage of a cell counts that could be a short ciphertext.
func (d driven) tokens(c drivenCell) int {
	at := slices.IndexFunc(d.verdicts.Cells, func(v leak.CellVerdict) bool { return v.Key == c.key })
	if at < 0 {
		return 0
	}
	return d.verdicts.Cells[at].Coverage.Tokens
}
