package evidence

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// A finding leads to the stored body and to the command that shows it, and shows no identifier of the address. A redacted
// copy, which has no bodies, leads nowhere.
func TestReportShowsTheRequest(t *testing.T) {
	b := leaktest.Clean()
	b.Phones[0].AddFlow(leaktest.Post(leaktest.Browser, "https://sa.example/sa?id="+leaktest.AndroidID, 22_000_000, leaktest.Query))
	dir := closed(t, b)
	out := filepath.Join(t.TempDir(), "public")
	if err := Redact(dir, out); err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`href="(phones/phone-1/bodies/[0-9a-f]{64})"`)
	for where, want := range map[string]bool{dir: true, out: false} {
		raw, err := os.ReadFile(filepath.Join(where, reportName))
		if err != nil {
			t.Fatal(err)
		}
		page := string(raw)
		found := link.FindStringSubmatch(page)
		if (found != nil) != want || strings.Contains(page, "telltale decode --flow 4 phones/phone-1/flows.jsonl") != want || strings.Contains(page, "POST sa.example/sa") != want {
			t.Errorf("%s: link %v, want %v", where, found, want)
		}
		if strings.Contains(page, leaktest.AndroidID) {
			t.Errorf("%s shows an identifier", where)
		}
		if found != nil {
			if _, err := os.Stat(filepath.Join(where, found[1])); err != nil {
				t.Error(err)
			}
		}
	}
}
