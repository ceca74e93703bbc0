package harness_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// TestHeldBack holds a search back until the browser leaves the screen, long after its window has closed, and then sends
// it so that nobody can read it: nothing was seen while the window was open, and yet the verdict must not be clean.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	held := func(l personality.Leak) *personality.Leak {
		l.App, l.On, l.Private = "com.android.chrome", []personality.Trigger{personality.OnSearch}, true
		l.Trust, l.Encoding, l.URL = cmp.Or(l.Trust, network.TrustUser), cmp.Or(l.Encoding, "json"), "https://held.example-metrics.test/e"
		l.Flush, l.Background = -1, true
		return &l
	}
	for name, c := range map[string]struct {
		leak *personality.Leak
		want leak.Outcome
	}{
		"nothing":    {nil, leak.Clean},
		"readable":   {held(personality.Leak{}), leak.Leaked},
		"pinned":     {held(personality.Leak{Trust: network.TrustPinned, Tries: 2}), leak.Inconclusive},
		"encrypted":  {held(personality.Leak{Encoding: "aes"}), leak.Inconclusive},
		"around":     {held(personality.Leak{Direct: true}), leak.Inconclusive},
		"at the end": {held(personality.Leak{Encoding: "websocket:json+aes"}), leak.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who := clean(nil)
			if c.leak != nil {
				if strings.HasPrefix(c.leak.Encoding, "websocket") {
					c.leak.URL = "https://" + internet.StreamCollector + "/socket"
				}
				who.Leaks = append(who.Leaks, *c.leak)
			}
			r := newRig(t, who, "clean")
			l := r.lease()
			seen, err := r.search(l, nil)
			if err != nil {
				t.Fatal(err)
			}
			if seen.Verdict.Outcome != leak.Clean {
				t.Errorf("at first it was %s, so nothing was held back", seen.Verdict.Outcome)
			}
			if err := l.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := l.Release(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
			v, err := leak.Judge(r.bundle.FS())
			if err != nil {
				t.Fatal(err)
			}
			if sent := len(r.phone.Manifest().Entries) > 0; sent != (c.leak != nil) {
				t.Errorf("the phone sent it: %v", sent)
			}
			at := slices.IndexFunc(v.Cells, func(c leak.CellVerdict) bool { return c.Key == r.searchKey() })
			if at < 0 || v.Cells[at].Outcome != c.want {
				t.Errorf("want %s: %+v", c.want, v.Cells)
			}
		})
	}
}

// identifiers gives the digests of the identifiers that a phone's apps got delivered, by host.
func (r *rig) identifiers() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, e := range r.phone.Manifest().Entries {
		if e.Kind != manifest.Identifier || !e.Delivered {
			continue
		}
		if out[e.Host] == nil {
			out[e.Host] = map[string]bool{}
		}
		sum := sha256.Sum256([]byte(e.Value))
		out[e.Host][hex.EncodeToString(sum[:])] = true
	}
	return out
}

// sent says whether a phone tried to send a canary of a cell to somebody, and whether it left.
func (r *rig) sent(key leak.Key) (tried, written bool) {
	m := r.phone.Manifest()
	if m.Dropped > 0 {
		r.t.Fatal("the manifest is not whole")
	}
	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/secrets.jsonl")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Error(err)
	}
	for line := range bytes.Lines(raw) {
		var s leak.Secret
		if err := json.Unmarshal(line, &s); err != nil {
			r.t.Error(err)
		}
		if s.Key != key || s.Role == leak.SecretIdentifier {
			continue
		}
		for _, e := range m.Entries {
			for _, form := range []string{s.Value, strings.ReplaceAll(s.Value, " ", "+"), strings.ReplaceAll(s.Value, " ", "%20")} {
				if e.Attempts > 0 && strings.Contains(e.Value, form) {
					tried, written = true, written || e.Written
				}
			}
		}
	}
	return tried, written
}
