package leak_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// what became of one unreadable thing that was met while the search was watched
type unread struct {
	add  []leaktest.Flow
	want []string // "class host" of the reasons of the search cell
}

func TestOpaque(t *testing.T) {
	const at = 22 * s
	tunnel := func(app, host string, class flow.Class) leaktest.Flow {
		return leaktest.Tunnel(app, host, 443, class, at)
	}
	silent := func(f leaktest.Flow) leaktest.Flow { f.BytesUp = 0; return f }
	for name, c := range map[string]unread{
		"untrusted CA":                  {[]leaktest.Flow{tunnel(leaktest.Browser, "a.example", flow.ClassUntrustedCA)}, []string{"untrusted-ca a.example"}},
		"no TLS in common":              {[]leaktest.Flow{tunnel(leaktest.Browser, "a.example", flow.ClassMismatch)}, []string{"tls-mismatch a.example"}},
		"pinned":                        {[]leaktest.Flow{tunnel(leaktest.Browser, "a.example", flow.ClassPinned)}, []string{"pinned a.example"}},
		"closed early":                  {[]leaktest.Flow{tunnel(leaktest.Browser, "a.example", flow.ClassClosedEarly)}, []string{"closed-early a.example"}},
		"preconnect":                    {[]leaktest.Flow{tunnel(leaktest.Browser, leaktest.Search, flow.ClassPinned)}, nil},
		"preconnect, app unknown":       {[]leaktest.Flow{tunnel("", leaktest.Search, flow.ClassClosedEarly)}, nil},
		"pinned service, same host":     {[]leaktest.Flow{tunnel("com.google.android.webview", leaktest.Search, flow.ClassPinned)}, []string{"pinned duckduckgo.com"}},
		"refused, same host":            {[]leaktest.Flow{tunnel(leaktest.Browser, leaktest.Search, flow.ClassUntrustedCA)}, []string{"untrusted-ca duckduckgo.com"}},
		"preconnect to another port":    {[]leaktest.Flow{leaktest.Tunnel(leaktest.Browser, leaktest.Search, 8443, flow.ClassPinned, at)}, []string{"pinned duckduckgo.com"}},
		"not TLS":                       {[]leaktest.Flow{tunnel(leaktest.Browser, "a.example", flow.ClassNotTLS)}, []string{"not-tls a.example"}},
		"not TLS, the phone was silent": {[]leaktest.Flow{silent(tunnel(leaktest.Browser, "a.example", flow.ClassNotTLS))}, nil},
		"not HTTP":                      {[]leaktest.Flow{tunnel(leaktest.Browser, "a.example", flow.ClassNotHTTP)}, []string{"not-http a.example"}},
		"passed":                        {[]leaktest.Flow{tunnel(leaktest.Browser, "a.example", flow.ClassPassed)}, []string{"passed a.example"}},
		"tunnel without a class":        {[]leaktest.Flow{tunnel(leaktest.Browser, "a.example", "")}, []string{"passed a.example"}},
		"intercepted, no request, no class": {[]leaktest.Flow{func() leaktest.Flow {
			f := tunnel(leaktest.Browser, "a.example", "")
			f.Intercepted = true
			return f
		}()}, []string{"pinned a.example"}},
		"intercepted, without an end in a recording that has one": {[]leaktest.Flow{func() leaktest.Flow {
			f := tunnel(leaktest.Browser, "a.example", "")
			f.Intercepted, f.End = true, -1
			return f
		}()}, []string{"unfinished a.example"}},
		"tunnel whose requests were read": {[]leaktest.Flow{func() leaktest.Flow {
			f := tunnel(leaktest.Browser, "a.example", "")
			f.Intercepted, f.Requests = true, 3
			return f
		}(), inTunnel(leaktest.Get(leaktest.Browser, "https://a.example/", 22*s))}, nil},
		"tunnel whose requests are not there": {[]leaktest.Flow{func() leaktest.Flow {
			f := tunnel(leaktest.Browser, "a.example", "")
			f.Intercepted, f.Requests = true, 3
			return f
		}()}, []string{"pinned a.example"}},
		"broken protocol": {[]leaktest.Flow{func() leaktest.Flow {
			f := tunnel(leaktest.Browser, "a.example", "")
			f.Kind = flow.KindError
			return f
		}()}, []string{"protocol-error a.example"}},
		"upload without an end": {[]leaktest.Flow{func() leaktest.Flow {
			f := leaktest.Post(leaktest.Browser, "https://a.example/up", at, "")
			f.End, f.Body, f.Response = -1, nil, nil
			return f
		}()}, []string{"unfinished a.example"}},
		"upload that goes on": {[]leaktest.Flow{func() leaktest.Flow {
			f := leaktest.Post(leaktest.Browser, "https://a.example/up", at, `{"so":"far"}`)
			f.End, f.Partial, f.Response = -1, true, nil
			return f
		}()}, []string{"unfinished a.example"}},
		"upload that was answered late": {[]leaktest.Flow{func() leaktest.Flow {
			f := leaktest.Post(leaktest.Browser, "https://a.example/up", at, `{"all":"of it"}`)
			f.End, f.Response = -1, nil
			return f
		}()}, nil},
		"message that goes on": {[]leaktest.Flow{func() leaktest.Flow {
			f := leaktest.Post(leaktest.Browser, "https://a.example/", at, "so far")
			f.Kind, f.End, f.Partial, f.Response = flow.KindMessage, -1, true, nil
			f.Request.FromApp = true
			return f
		}()}, []string{"unfinished a.example"}},
		"long poll": {[]leaktest.Flow{func() leaktest.Flow {
			f := leaktest.Get(leaktest.Browser, "https://a.example/poll", at)
			f.End, f.Response = -1, nil
			return f
		}()}, nil},
		"of an app out of scope": {[]leaktest.Flow{tunnel("com.other", "a.example", flow.ClassPinned)}, nil},
		"of an unknown app":      {[]leaktest.Flow{tunnel("", "a.example", flow.ClassPinned)}, []string{"pinned a.example"}},
		"of a browser's service": {[]leaktest.Flow{tunnel("com.google.android.webview", "a.example", flow.ClassPinned)}, []string{"pinned a.example"}},
		"in an earlier window":   {[]leaktest.Flow{leaktest.Tunnel(leaktest.Browser, "a.example", 443, flow.ClassPinned, 12*s)}, nil},
		"in a later window":      {[]leaktest.Flow{leaktest.Tunnel(leaktest.Browser, "a.example", 443, flow.ClassPinned, 42*s)}, []string{"pinned a.example"}},
		"of another, later":      {[]leaktest.Flow{leaktest.Tunnel("com.other", "a.example", 443, flow.ClassPinned, 42*s)}, nil},
		"of an unknown, later":   {[]leaktest.Flow{leaktest.Tunnel("", "a.example", 443, flow.ClassPinned, 42*s)}, nil},
		"open since before": {[]leaktest.Flow{func() leaktest.Flow {
			f := leaktest.Tunnel(leaktest.Browser, "a.example", 443, flow.ClassNotTLS, 12*s)
			f.End = 45 * s
			return f
		}()}, []string{"not-tls a.example"}},
		"the same a hundred times": {hundred(tunnel(leaktest.Browser, "a.example", flow.ClassPinned)), []string{"pinned a.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			p := b.Phone(leaktest.PhoneID)
			for _, f := range c.add {
				p.AddFlow(f)
			}
			// "open since before" and "recording cut off" touch the other cells too; only the search is looked at here.
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			var classes []string
			var bytes int64
			for _, r := range got.Reasons {
				classes = append(classes, r.Class+" "+r.Host)
				bytes += r.Bytes
				if r.Code != leak.CodeOpaqueFlow || r.Accept == "" || r.Detail == "" || r.Flow == 0 || r.Attempt == 0 {
					t.Errorf("a reason without what a reader needs: %+v", r)
				}
			}
			if diff := cmp.Diff(c.want, classes); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			if len(c.add) == 100 && bytes != 100*517 {
				t.Errorf("%d bytes, want the sum of all tries", bytes)
			}
			want := leak.Clean
			if len(c.want) > 0 {
				want = leak.Inconclusive
			}
			if got.Outcome != want {
				t.Errorf("%s, want %s", got.Outcome, want)
			}
		})
	}
}

// inTunnel rides in the first flow that is added to the clean bundle.
func inTunnel(f leaktest.Flow) leaktest.Flow {
	f.Parent = 4
	return f
}

// noise is a body that no decoder explains.
func noise() string {
	b := make([]byte, 4096)
	x := uint32(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x >> 9)
	}
	return string(b)
}

// A body that nobody can read keeps a search from being clean unless it went to the search engine, and the watching of
// settings always.
func TestEncryptedBody(t *testing.T) {
	for name, c := range map[string]struct {
		host string
		at   int64
		key  leak.Key
		want leak.Outcome
	}{
		"search, to a collector": {"sa.example", 22 * s, leaktest.SearchKey, leak.Inconclusive},
		"search, to its engine":  {leaktest.Search, 22 * s, leaktest.SearchKey, leak.Clean},
		"settings, to anybody":   {leaktest.Search, 32 * s, leaktest.SettingsKey, leak.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			f := leaktest.Post(leaktest.Browser, "https://"+c.host+"/up", c.at, noise())
			f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Content-Type", Value: "application/octet-stream"})
			b.Phones[0].AddFlow(f)
			claim := leak.ClaimContent
			if c.key == leaktest.SettingsKey {
				claim = leak.ClaimReaction
			}
			got := claimOf(t, judge(t, b), c.key, claim)
			if got.Outcome != c.want {
				t.Fatalf("%+v", got)
			}
			for _, r := range got.Reasons {
				if r.Code != leak.CodeOpaqueFlow || r.Class != "encrypted" || r.Host != c.host || r.Bytes == 0 {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func hundred(f leaktest.Flow) (out []leaktest.Flow) {
	for range 100 {
		out = append(out, f)
	}
	return out
}

func TestAccept(t *testing.T) {
	const at = 22 * s
	pinned := leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassPinned, at)
	nobody := leaktest.Tunnel("", "sa.collector.example", 443, flow.ClassPinned, at)
	for name, c := range map[string]struct {
		flow   leaktest.Flow
		accept leak.Accept
		want   leak.Outcome
	}{
		"app, host and port":          {pinned, leak.Accept{App: leaktest.Browser, Host: "sa.collector.example", Port: 443}, leak.Clean},
		"any port":                    {pinned, leak.Accept{App: leaktest.Browser, Host: "sa.collector.example"}, leak.Clean},
		"any app":                     {pinned, leak.Accept{App: "*", Host: "sa.collector.example"}, leak.Clean},
		"suffix":                      {pinned, leak.Accept{App: leaktest.Browser, Host: "*.collector.example"}, leak.Clean},
		"case":                        {pinned, leak.Accept{App: leaktest.Browser, Host: "SA.Collector.Example"}, leak.Clean},
		"the suffix itself":           {pinned, leak.Accept{App: leaktest.Browser, Host: "*.sa.collector.example"}, leak.Inconclusive},
		"part of a label":             {pinned, leak.Accept{App: leaktest.Browser, Host: "*.ollector.example"}, leak.Inconclusive},
		"a bare star is no host":      {pinned, leak.Accept{App: leaktest.Browser, Host: "*"}, leak.Inconclusive},
		"a star and a dot is no host": {pinned, leak.Accept{App: leaktest.Browser, Host: "*."}, leak.Inconclusive},
		"no host":                     {pinned, leak.Accept{App: leaktest.Browser}, leak.Inconclusive},
		"another port":                {pinned, leak.Accept{App: leaktest.Browser, Host: "sa.collector.example", Port: 8443}, leak.Inconclusive},
		"another app":                 {pinned, leak.Accept{App: "com.other", Host: "sa.collector.example"}, leak.Inconclusive},
		"no app":                      {pinned, leak.Accept{Host: "sa.collector.example"}, leak.Inconclusive},
		"unknown app, line for one":   {nobody, leak.Accept{App: leaktest.Browser, Host: "sa.collector.example"}, leak.Inconclusive},
		"unknown app, line without":   {nobody, leak.Accept{Host: "sa.collector.example"}, leak.Inconclusive},
		"unknown app, line for any":   {nobody, leak.Accept{App: "*", Host: "sa.collector.example"}, leak.Clean},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			b.Phone(leaktest.PhoneID).AddFlow(c.flow)
			c.accept.Why = "because"
			b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{c.accept}
			v := judge(t, b)
			got := claimOf(t, v, leaktest.SearchKey, leak.ClaimContent)
			if got.Outcome != c.want {
				t.Errorf("%s, want %s: %+v", got.Outcome, c.want, got.Reasons)
			}
			if c.want == leak.Clean {
				want := []leak.Accepted{{App: c.flow.App, Host: "sa.collector.example", Port: 443, Why: "because"}}
				if diff := cmp.Diff(want, got.Accepted); diff != "" {
					t.Errorf("accepted (-want +got):\n%s", diff)
				}
			} else if len(got.Accepted) > 0 {
				t.Errorf("nothing is accepted silently, or with an error: %+v", got.Accepted)
			}
			// The settings cell did not see it, and lists nothing.
			if other := claimOf(t, v, leaktest.SettingsKey, leak.ClaimReaction); other.Outcome != leak.Clean || len(other.Accepted) > 0 {
				t.Errorf("the other cell is touched: %+v", other)
			}
		})
	}
}

// What cannot be read cannot be searched for markers, so accepting it does not answer whether it reacts.
func TestAcceptedTrafficInAReaction(t *testing.T) {
	b := leaktest.Clean()
	b.Phone(leaktest.PhoneID).AddFlow(leaktest.Tunnel(leaktest.Analytics, "push.collector.example", 443, flow.ClassPinned, 32*s))
	b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Analytics, Host: "*.collector.example", Why: "because"}}
	got := claimOf(t, judge(t, b), leaktest.SettingsKey, leak.ClaimReaction)
	if got.Outcome != leak.Inconclusive || len(got.Accepted) != 1 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]leak.Code{leak.CodeTooFewRepeats}, codes(got)); diff != "" {
		t.Error(diff)
	}
}
