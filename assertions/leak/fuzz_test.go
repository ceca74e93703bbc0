package leak_test

import (
	"bytes"
	"testing"
	"testing/fstest"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// Whatever stands in an input file, the judge ends with an error or with verdicts that can be written and read back, and
// it never calls clean what the whole files do not.
func FuzzInputs(f *testing.F) {
	var names []string
	dir := map[string][]byte{}
	f.Add(0, []byte("{}"))
	f.Add(3, []byte(`{"schema":1}`+"\n"))
	for i, name := range []string{"plan.json", "policy.json", "phones/phone-1/phone.jsonl", "phones/phone-1/secrets.jsonl", "phones/phone-1/attempts.jsonl", "phones/phone-1/flows.jsonl"} {
		names = append(names, name)
		f.Add(i, []byte("{\"schema\":1}\n"))
	}
	tmp := f.TempDir()
	leaktest.Clean().WriteTo(f, tmp)
	for name, file := range readF(f, tmp) {
		dir[name] = file.Data
	}
	for i, name := range names {
		f.Add(i, dir[name])
	}
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		files := fstest.MapFS{}
		for name, b := range dir {
			files[name] = &fstest.MapFile{Data: b}
		}
		if which < 0 {
			which = -(which + 1)
		}
		files[names[which%len(names)]] = &fstest.MapFile{Data: data}
		v, err := leak.Judge(files)
		if err != nil {
			return
		}
		b, err := v.Canonical()
		if err != nil {
			t.Fatalf("verdicts that cannot be written: %v", err)
		}
		back, err := leak.ParseVerdicts(b)
		if err != nil {
			t.Fatalf("verdicts that cannot be read back: %v\n%s", err, b)
		}
		again, err := back.Canonical()
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("verdicts change when read back: %v\n%s\n%s", err, b, again)
		}
		for _, c := range v.Cells {
			for claim, x := range c.Claims {
				if x.Outcome == leak.Inconclusive && len(x.Reasons) == 0 || x.Outcome == leak.Leaked && len(x.Findings) == 0 ||
					x.Outcome == leak.Clean && len(x.Reasons)+len(x.Findings) > 0 {
					t.Fatalf("%s %s: %+v", c.Key, claim, x)
				}
			}
		}
	})
}

func FuzzParseVerdicts(f *testing.F) {
	v := leak.Verdicts{Schema: 1, Kind: leak.KindUSB, Outcome: leak.Clean, Cells: []leak.CellVerdict{}, Identity: []leak.Identity{}}
	b, err := v.Canonical()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"schema":1,"cells":[{"coverage":{"bytes":"9007199254740993"}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := leak.ParseVerdicts(b)
		if err != nil {
			return
		}
		if _, err := v.Canonical(); err != nil {
			t.Fatalf("read, but cannot be written: %v", err)
		}
	})
}
