package manifest

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoundTrip(t *testing.T) {
	r := NewRecorder("leaky-2020", "leaky-2020")
	chain := []string{"body", "form data_list"}
	seq := r.Add(Entry{Seq: 99, App: "com.android.browser", Kind: Query, Value: "very private words", Chain: chain, Via: Proxy})
	chain[0] = "changed by the caller"
	if seq != 1 {
		t.Errorf("first entry is number %d", seq)
	}
	r.Update(seq, func(e *Entry) { e.Delivered, e.Status, e.Seq = true, 200, 7 })
	r.Update(0, func(*Entry) { t.Error("entry 0 exists") })
	r.Update(2, func(*Entry) { t.Error("entry 2 exists") })
	var b bytes.Buffer
	n, err := r.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("wrote %d of %d bytes, %v", n, b.Len(), err)
	}
	got, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	want := Manifest{Schema: Schema, Phone: "leaky-2020", Personality: "leaky-2020", Entries: []Entry{{
		Seq: 1, App: "com.android.browser", Kind: Query, Value: "very private words", Chain: []string{"body", "form data_list"}, Via: Proxy, Delivered: true, Status: 200,
	}}, Acts: []Act{}, Uploads: []Upload{}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestEmptyManifestHasAList(t *testing.T) {
	for _, r := range []*Recorder{nil, NewRecorder("clean", "clean")} {
		r.Update(r.Add(Entry{})-1, func(*Entry) {})
		var b bytes.Buffer
		if _, err := r.WriteTo(&b); err != nil || !strings.Contains(b.String(), `"entries": [`) {
			t.Errorf("%s, %v", b.String(), err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"other schema":  `{"schema":3,"phone":"a","personality":"b","entries":[]}`,
		"no schema":     `{"phone":"a","personality":"b","entries":[]}`,
		"unknown field": `{"schema":2,"phone":"a","personality":"b","entries":[],"secret":1}`,
		"cut":           `{"schema":2,"phone":"a"`,
		"empty":         ``,
	} {
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Read(strings.NewReader(`{"schema":2,"phone":"a","personality":"b","entries":[]}`)); err != nil {
		t.Error(err)
	}
}

func TestManyAtOnce(t *testing.T) {
	r := NewRecorder("p", "p")
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 100 {
				r.Update(r.Add(Entry{Value: "v"}), func(e *Entry) { e.Attempts++ })
				_ = r.Manifest()
			}
		})
	}
	work.Wait()
	m := r.Manifest()
	if len(m.Entries) != 800 {
		t.Fatalf("%d entries", len(m.Entries))
	}
	for i, e := range m.Entries {
		if e.Seq != int64(i)+1 || e.Attempts != 1 {
			t.Fatalf("entry %d: %+v", i, e)
		}
	}
	m.Entries[0].Value = "changed"
	if r.Manifest().Entries[0].Value != "v" {
		t.Error("a copy reaches into the recorder")
	}
}

func TestTooManyAreCounted(t *testing.T) {
	r := NewRecorder("p", "p")
	r.manifest.Entries = make([]Entry, MaxEntries)
	if seq := r.Add(Entry{}); seq != 0 || r.Manifest().Dropped != 1 {
		t.Errorf("entry %d, dropped %d", seq, r.Manifest().Dropped)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrorIsReported(t *testing.T) {
	if _, err := NewRecorder("p", "p").WriteTo(failing{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":2,"phone":"a","personality":"b","entries":[{"seq":1}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Read(bytes.NewReader(b)); err == nil && m.Schema != Schema {
			t.Errorf("schema %d was read", m.Schema)
		}
	})
}
