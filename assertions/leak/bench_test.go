package leak_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// BenchmarkJudgePhone is what every action of a long run costs: 2000 flows with bodies of 4 KiB.
func BenchmarkJudgePhone(b *testing.B) {
	run := leaktest.Clean()
	p := run.Phones[0]
	for i := range 2000 {
		p.AddFlow(leaktest.Post(leaktest.Browser, "https://api.example/v1/items", 22*s+int64(i), fmt.Sprintf(`{"n":%d,"text":%q}`, i, strings.Repeat("some words of a page ", 190))))
	}
	dir := os.DirFS(run.Write(b))
	for b.Loop() {
		if _, err := leak.JudgePhone(dir, leaktest.PhoneID); err != nil {
			b.Fatal(err)
		}
	}
}
