package evidence

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

var keep = flag.String("keep", "", "write the sample bundle of every outcome into this folder, to look at its report")

// TestKeepSample makes a bundle for people to look at: go test -run KeepSample -keep DIR.
func TestKeepSample(t *testing.T) {
	c, err := recorded(t, leaktest.Farm()).Close()
	if err != nil {
		t.Fatal(err)
	}
	if *keep == "" {
		return
	}
	if err := os.CopyFS(filepath.Join(*keep, filepath.Base(c.Dir)), os.DirFS(c.Dir)); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + Table(c.Verdicts))
}
