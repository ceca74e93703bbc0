// Package ask asks destinations that a run's findings name what they themselves answer: a plain GET by this computer,
// which is no phone. It sends nothing but that request, follows a redirect only to the same host and without a query, dials
// no private address and none that it did not check, and refuses what is longer or slower than its limits. What comes back
// is a quotation: nothing here, and nothing that it writes, takes part in a verdict.
package ask

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/telltale-farm/telltale/harness/evidence"
)

// Limits bound one answer.
type Limits struct {
	Time      time.Duration // of each step, from the name to the last byte; 10 s
	Body      int64         // bytes read of a body; 64 KiB
	Header    int64         // bytes of a response's head; 32 KiB
	Redirects int           // followed; 3
	All       int64         // bytes of all that is kept; beyond it nobody else is asked; 6 MiB
}

// Options say how to reach destinations. The zero value is this computer's own way there, without any proxy.
type Options struct {
	Limits Limits

	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // address is an IP address and a port
	Refuse  func(netip.Addr) error                                               // Private unless a test says otherwise
	Roots   *x509.CertPool                                                       // nil: the system's
	Now     func() time.Time
}

// ask is one round of asking.
type ask struct{ Options }

func (o Options) filled() Options {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.Limits.Body, 64<<10)
	set(&o.Limits.Header, 32<<10)
	set(&o.Limits.All, 6<<20)
	if o.Limits.Time == 0 {
		o.Limits.Time = 10 * time.Second
	}
	if o.Limits.Redirects == 0 {
		o.Limits.Redirects = 3
	}
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	if o.Refuse == nil {
		o.Refuse = Private
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Destinations asks each of some destinations for each of its addresses, one after the other, and tells of each when it
// begins. It answers for all of them, in their order: what failed, or was not asked any more because ctx ended, says why.
func Destinations(ctx context.Context, all []evidence.Destination, o Options, tell func(url string)) (out []evidence.Answer) {
	a := ask{o.filled()}
	var kept int64
	for _, d := range all {
		for _, at := range d.URLs {
			x := evidence.Answer{URL: at, For: d.For, Steps: []evidence.Step{}}
			switch {
			case ctx.Err() != nil:
				x.Error = "not asked: it was interrupted"
			case kept > a.Limits.All:
				x.Error = fmt.Sprintf("not asked: what was answered before takes more than %d bytes", a.Limits.All)
			default:
				tell(at)
				a.answer(ctx, &x)
			}
			for i := range x.Steps {
				kept += sizeOf(&x.Steps[i])
			}
			out = append(out, x)
		}
	}
	return out
}

// answer asks for one address, and for where it leads on the same host.
func (a ask) answer(ctx context.Context, x *evidence.Answer) {
	u, err := url.Parse(x.URL)
	if err != nil || u.RawQuery != "" || u.User != nil {
		x.Error = "it is no address that may be asked"
		return
	}
	been := map[string]bool{}
	for u != nil {
		been[u.String()] = true
		step, err := a.step(ctx, u)
		x.Steps = append(x.Steps, step)
		if err != nil {
			x.Error = err.Error()
			return
		}
		next, not := onward(u, step.Redirect)
		switch {
		case not != "":
			x.Error = not
		case next != nil && been[next.String()]:
			x.Error, next = "a redirect leads back to where it was: not followed", nil
		case next != nil && len(x.Steps) > a.Limits.Redirects:
			x.Error, next = fmt.Sprintf("more than %d redirects: not followed", a.Limits.Redirects), nil
		}
		u = next
	}
}

// onward is where a redirect leads, if it may be followed; not says why it may not.
func onward(from *url.URL, location string) (to *url.URL, not string) {
	if location == "" {
		return nil, ""
	}
	u, err := from.Parse(location)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		return nil, "its redirect is no address that may be asked: not followed"
	case u.Hostname() != from.Hostname():
		return nil, "its redirect leads to another host: not followed"
	case u.RawQuery != "":
		return nil, "its redirect has a query: not followed"
	}
	u.Fragment = ""
	return u, ""
}

// sizeOf is about what a step takes in the file.
func sizeOf(s *evidence.Step) int64 {
	n := int64(1 << 10)
	for _, h := range s.Headers {
		n += 6 * int64(len(h.Name)+len(h.Value)) // a control character takes six bytes in JSON
	}
	if s.Body != nil {
		n += s.Body.Size * 4 / 3
	}
	return n
}
