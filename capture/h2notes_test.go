package capture_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/telltale-farm/telltale/capture/flow"
)

func TestWhatHTTP2SaysBesideItsRequestsIsRecorded(t *testing.T) {
	r := newRig(t, echo)
	tc := r.connectTLS("origin.test:443", "origin.test", "h2")
	fr := http2.NewFramer(tc, tc)
	fr.AllowIllegalWrites = true
	_, _ = io.WriteString(tc, http2.ClientPreface)
	_ = fr.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20}, http2.Setting{ID: 0x7161, Val: 0x73656372})
	_ = fr.WritePing(false, [8]byte{}) // says nothing
	_ = fr.WritePing(false, [8]byte{'t', 'h', 'e', ' ', 'q', 'u', 'e', 'r'})
	_ = fr.WriteRawFrame(0xbe, 0, 0, []byte("the query"))
	_ = fr.WriteRawFrame(0x10, 0, 0, []byte("\x00\x00\x00\x01u=1, i"))
	var block strings.Builder
	enc := hpack.NewEncoder(&block)
	for _, h := range [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", "origin.test"}, {":path", "/"}} {
		_ = enc.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]})
	}
	_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte(block.String()), EndHeaders: true, PadLength: 9})
	_ = fr.WriteDataPadded(1, true, []byte("body"), []byte("the query"))
	for {
		f, err := fr.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if f.Header().StreamID == 1 && f.Header().Flags.Has(http2.FlagDataEndStream) {
			break
		}
	}
	_ = fr.WriteGoAway(0, http2.ErrCodeNo, []byte("the query"))
	_ = tc.Close()
	eventually(t, "the connection ends", func() bool {
		_ = r.rec.Sync()
		fs := of(r.now(), flow.KindTunnel)
		return len(fs) == 1 && fs[0].End >= 0
	})
	fs := r.flows()
	f := one(t, fs, flow.KindMessage)
	want := []flow.Header{{Name: "settings", Value: "\x71\x61secr"}, {Name: "ping", Value: "the quer"}, {Name: "frame 0xbe", Value: "the query"},
		{Name: "frame 0x10", Value: "\x00\x00\x00\x01u=1, i"}, {Name: "padding", Value: "the query"}, {Name: "goaway", Value: "the query"}}
	if d := cmp.Diff(want, f.Request.Headers); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if f.Parent != one(t, fs, flow.KindTunnel).Seq || !f.Request.FromApp || f.Host != "origin.test" || f.End < 0 || f.Class != "" {
		t.Errorf("%+v", f)
	}
	if x := one(t, fs, flow.KindExchange); r.body(x.Request.Body) != "body" {
		t.Errorf("%+v", x)
	}
}

func TestMoreThanIsKeptOfHTTP2FramesIsUnread(t *testing.T) {
	r := newRig(t, echo)
	tc := r.connectTLS("origin.test:443", "origin.test", "h2")
	fr := http2.NewFramer(tc, tc)
	_, _ = io.WriteString(tc, http2.ClientPreface)
	_ = fr.WriteSettings()
	for i := range 40 {
		_ = fr.WriteRawFrame(0xbe, 0, 0, []byte(strings.Repeat(string(rune('a'+i%26)), 16<<10)))
	}
	_ = fr.WritePing(false, [8]byte{1})
	for {
		if f, err := fr.ReadFrame(); err != nil || f.Header().Type == http2.FramePing {
			break
		}
	}
	_ = tc.Close()
	if f := one(t, r.flows(), flow.KindMessage); f.Class != flow.ClassNotHTTP || f.BytesUp < 600<<10 || len(f.Request.Headers) > 16 {
		t.Errorf("%+v", f)
	}
}

func TestOrdinaryHTTP2SaysNothingBeside(t *testing.T) {
	r := newRig(t, echo)
	cc := r.h2Client("origin.test:443")
	req, _ := http.NewRequest("POST", "https://origin.test/", strings.NewReader(strings.Repeat("x", 100_000)))
	resp, err := cc.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = readAll(t, resp)
	_ = cc.Close()
	if n := of(r.flows(), flow.KindMessage); len(n) != 0 {
		t.Errorf("%+v", n)
	}
}
