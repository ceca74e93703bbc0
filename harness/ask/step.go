package ask

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/harness/evidence"
)

// userAgent says nothing of this computer, and nothing of any phone.
const userAgent = "Mozilla/5.0"

// maxAddresses bounds how many addresses of a name are dialled, and recorded.
const maxAddresses = 8

// step makes one request. What it learns until something fails is in the step all the same.
func (a ask) step(ctx context.Context, u *url.URL) (s evidence.Step, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.Limits.Time)
	defer cancel()
	s = evidence.Step{URL: u.String(), Begun: a.Now().UTC().Format(time.RFC3339Nano)}
	addresses, err := a.resolve(ctx, u.Hostname())
	for _, ip := range addresses {
		s.Addresses = append(s.Addresses, ip.String())
	}
	if err != nil {
		return s, err
	}
	socket, err := a.dial(ctx, addresses, port(u))
	if err != nil {
		return s, err
	}
	defer socket.Close()
	s.Dialled = socket.RemoteAddr().String()
	stop := context.AfterFunc(ctx, func() { _ = socket.Close() })
	defer stop()
	conn := socket
	if u.Scheme == "https" {
		tc := tls.Client(socket, &tls.Config{ServerName: u.Hostname(), RootCAs: a.Roots, MinVersion: tls.VersionTLS10, NextProtos: []string{"http/1.1"}, Time: a.Now})
		err := tc.HandshakeContext(ctx)
		s.Secured = secured(tc.ConnectionState(), err)
		if err != nil {
			return s, a.said(ctx, "securing the connection", err)
		}
		conn = tc
	}
	return s, a.get(ctx, u, conn, &s)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// resolve gives the addresses of a name, all of which were checked. One that must not be dialled spoils the others: whoever
// names it cannot be trusted with the rest.
func (a ask) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := []netip.Addr(nil), error(nil)
	if ip, parseErr := netip.ParseAddr(host); parseErr == nil {
		found = []netip.Addr{ip}
	} else if found, err = a.Resolve(ctx, host); err != nil {
		var dns *net.DNSError
		if errors.As(err, &dns) {
			err = errors.New(dns.Err) // the rest names this computer's name server
		}
		return nil, a.said(ctx, "looking up its name", err)
	}
	if len(found) == 0 {
		return nil, errors.New("looking up its name: it has no address")
	}
	found = found[:min(len(found), maxAddresses)]
	for i, ip := range found {
		found[i] = ip.Unmap()
		if err := a.Refuse(found[i]); err != nil {
			return found, err
		}
	}
	return found, nil
}

// dial connects to the first of the addresses that answers.
func (a ask) dial(ctx context.Context, addresses []netip.Addr, port string) (net.Conn, error) {
	var first error
	for _, ip := range addresses {
		conn, err := a.Dial(ctx, "tcp", net.JoinHostPort(ip.String(), port))
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, a.said(ctx, "connecting", first)
}

// maxSaid bounds what an error may quote.
const maxSaid = 300

// said is why a step ended, without this computer's own addresses; a limit that passed goes by its own name.
func (a ask) said(ctx context.Context, doing string, err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s: not done within %s", doing, a.Limits.Time)
	}
	return fmt.Errorf("%s: %.*s", doing, maxSaid, err.Error())
}

// secured tells of a handshake; the chain of one that failed because of it is told, too.
func secured(state tls.ConnectionState, err error) *evidence.Secured {
	out := &evidence.Secured{Trusted: err == nil, Certs: []evidence.Certificate{}}
	if state.Version != 0 {
		out.Version = tls.VersionName(state.Version)
	}
	if state.CipherSuite != 0 {
		out.Cipher = tls.CipherSuiteName(state.CipherSuite)
	}
	chain := state.PeerCertificates
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) {
		chain = bad.UnverifiedCertificates
	}
	for _, c := range chain[:min(len(chain), maxAddresses)] {
		sum := sha256.Sum256(c.Raw)
		x := evidence.Certificate{
			Subject: cut(c.Subject.String()), Issuer: cut(c.Issuer.String()), SHA256: hex.EncodeToString(sum[:]),
			NotBefore: c.NotBefore.UTC().Format(time.RFC3339), NotAfter: c.NotAfter.UTC().Format(time.RFC3339),
		}
		for _, name := range c.DNSNames[:min(len(c.DNSNames), maxNames)] {
			x.Names = append(x.Names, cut(name))
		}
		for _, ip := range c.IPAddresses[:min(len(c.IPAddresses), maxNames)] {
			x.Names = append(x.Names, ip.String())
		}
		out.Certs = append(out.Certs, x)
	}
	return out
}

// maxNames bounds the names of a certificate that are recorded.
const maxNames = 50

func cut(s string) string { return fmt.Sprintf("%.*s", maxSaid, s) }

// get asks for a page on a connection that is there, and reads the answer up to the limits.
func (a ask) get(ctx context.Context, u *url.URL, conn net.Conn, s *evidence.Step) error {
	given := func(context.Context, string, string) (net.Conn, error) { return conn, nil }
	transport := &http.Transport{
		Proxy: nil, DialContext: given, DialTLSContext: given, DisableKeepAlives: true, DisableCompression: true,
		MaxResponseHeaderBytes: a.Limits.Header,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "*/*")
	s.Request = []flow.Header{{Name: "Host", Value: u.Host}, {Name: "User-Agent", Value: userAgent}, {Name: "Accept", Value: "*/*"}, {Name: "Connection", Value: "close"}}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return a.said(ctx, "asking", err)
	}
	defer resp.Body.Close()
	s.Proto, s.Status = resp.Proto, resp.StatusCode
	for name, values := range resp.Header {
		for _, v := range values {
			s.Headers = append(s.Headers, flow.Header{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(s.Headers, func(x, y flow.Header) int { return strings.Compare(x.Name, y.Name) })
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		s.Redirect = resp.Header.Get("Location")
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, a.Limits.Body+1))
	b := &evidence.AnswerBody{Cut: err != nil}
	if int64(len(body)) > a.Limits.Body {
		body, b.Cut = body[:a.Limits.Body], true
	}
	sum := sha256.Sum256(body)
	b.Size, b.SHA256, b.Bytes = int64(len(body)), hex.EncodeToString(sum[:]), body
	s.Body = b
	if err != nil {
		return a.said(ctx, "reading its answer", err)
	}
	return nil
}
