package capture_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
)

// long is longer than what is sent in one piece, and no two places in it are alike for long.
var long = func() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < 3<<20; i++ {
		b.WriteString(strconv.Itoa(i) + " ")
	}
	return b.Bytes()
}()

func TestLongBodiesPassUnchanged(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil || !bytes.Equal(b, long) {
				t.Errorf("the origin got %d bytes, %v", len(b), err)
			}
			w.Header().Set("Content-Length", strconv.Itoa(len(b)))
			_, _ = w.Write(b)
		})
		for name, body := range map[string]io.Reader{"known": bytes.NewReader(long), "chunked": struct{ io.Reader }{bytes.NewReader(long)}} {
			resp, err := r.client(h2).Post("https://origin.test/"+name, "x/y", body)
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, resp); got != string(long) {
				t.Errorf("http/2 %v, %s: the phone got %d bytes", h2, name, len(got))
			}
		}
		for _, f := range of(r.flows(), flow.KindExchange) {
			if r.body(f.Request.Body) != string(long) || f.Fault != "" || f.Response.Body.Size != int64(len(long)) {
				t.Errorf("http/2 %v: %+v", h2, f)
			}
		}
	}
}

func TestAPhoneThatLeavesALongDownloadIsNotWaitedFor(t *testing.T) {
	for _, stalls := range []bool{true, false} {
		over := make(chan struct{})
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			defer close(over)
			w.Header().Set("Content-Length", strconv.Itoa(1<<30))
			_, _ = w.Write(long)
			if stalls {
				<-r.Context().Done()
				return
			}
			for {
				if _, err := w.Write(long); err != nil {
					return
				}
			}
		})
		resp, err := r.client(false).Get("https://origin.test/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.CopyN(io.Discard, resp.Body, 1<<20)
		_ = resp.Body.Close()
		<-over
		eventually(t, "the exchange ends", func() bool {
			_ = r.rec.Sync()
			fs := of(r.now(), flow.KindExchange)
			return len(fs) == 1 && fs[0].End >= 0
		})
		if f := one(t, r.flows(), flow.KindExchange); f.Fault != flow.FaultPhone || !f.Response.Body.Partial || strings.Contains(f.Error, "handler") {
			t.Errorf("stalls %v: %+v", stalls, f)
		}
	}
}
