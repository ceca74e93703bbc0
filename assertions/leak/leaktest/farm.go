package leaktest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/url"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
)

// The phones of Farm.
const (
	LeakyID  = "leaky-2020"
	PinnedID = "pinned"
	CleanID  = "clean"
	ExceptID = "accepted"
)

// Farm is a run of four virtual phones with every outcome: one whose browser and system report what is done, one with
// traffic that cannot be read, one that is clean, one that is clean except what policy accepts.
func Farm() *Bundle {
	b := Clean()
	b.Plan.Cells, b.Policy.Phones, b.Phones = nil, nil, nil
	for _, id := range []string{CleanID, ExceptID, LeakyID, PinnedID} {
		b.add(id, Clean())
	}
	leaky := b.Phone(LeakyID)
	upload := Post(Browser, "https://sa.api.intl.miui.com/sa?project=global_browser_mini", 23*second, "data_list="+url.QueryEscape(pack(
		`[{"event":"search","distinct_id":"`+AndroidID+`","properties":{"url":"https://duckduckgo.com/?q=`+Query+`","incognito":true}}]`)))
	upload.Request.Headers = append(upload.Request.Headers, flow.Header{Name: "Content-Type", Value: "application/x-www-form-urlencoded"})
	leaky.AddFlow(upload)
	leaky.AddFlow(Post(Analytics, "https://tracking.intl.miui.com/track/v4", 32*second, `{"event":"page_open","page":"com.android.settings/.WifiSettingsActivity","oaid":"`+AndroidID+`"}`))
	leaky.AddFlow(Post(Browser, "https://sa.api.intl.miui.com/sa?project=late", 42*second, `{"q":"`+Query+`","note":"<script>alert(1)</script> \u001b[31m"}`))
	pinned := b.Phone(PinnedID)
	for i := range int64(4) {
		pinned.AddFlow(Tunnel(Browser, "sa.api.intl.miui.com", 443, flow.ClassUntrustedCA, 22*second+i))
	}
	pinned.Attempt("search").Counters.Deltas = []leak.Delta{{UID: 10099, Apps: nil, TX: 1337}}
	accepted := b.Phone(ExceptID)
	accepted.AddFlow(Tunnel(Browser, "push.example", 5228, flow.ClassNotTLS, 22*second))
	b.PhonePolicy(ExceptID).Accept = []leak.Accept{{App: Browser, Host: "push.example", Port: 5228, Why: "push service, own protocol"}}
	return b
}

// pack packs JSON as analytics libraries do: gzip, then base64.
func pack(s string) string {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.NoCompression) // stored: the same bytes with every Go
	if err != nil {
		panic(err)
	}
	if _, err := w.Write([]byte(s)); err != nil {
		panic(err) // to memory
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// add takes the phone of another bundle under a name of its own.
func (b *Bundle) add(id string, from *Bundle) {
	for _, c := range from.Plan.Cells {
		c.Phone = id
		b.Plan.Cells = append(b.Plan.Cells, c)
	}
	pp := from.Policy.Phones[0]
	pp.ID = id
	b.Policy.Phones = append(b.Policy.Phones, pp)
	p := from.Phones[0]
	p.ID = id
	for i := range p.Lines {
		p.Lines[i].ID = id
	}
	for i := range p.Secrets {
		p.Secrets[i].Key.Phone = id
	}
	for i := range p.Attempts {
		p.Attempts[i].Key.Phone = id
	}
	b.Phones = append(b.Phones, p)
}
