package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"time"

	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/record"
)

// proxyCmd is the capturing proxy alone.
type proxyCmd struct {
	Listen string `required:"" placeholder:"ADDR" help:"Address to listen on, host:port; port 0 takes a free one."`
	CADir  string `name:"ca-dir" required:"" placeholder:"DIR" help:"Folder of the CA: ca.pem is made there on first use."`
	Trust  string `placeholder:"PEM" help:"Further root certificates to believe servers by."`
	Record string `required:"" placeholder:"DIR" help:"Folder to record in; it must hold no recording yet."`
	Pcap   string `placeholder:"FILE" help:"Also write packets and TLS secrets as pcapng, for Wireshark. Whoever has the file can read all of it."`
	Pass   int    `name:"pass-after" placeholder:"N" help:"Relay a host unread after its apps refused our certificate N times in a row. Default: never."`
}

// Help is shown below the flags.
func (proxyCmd) Help() string {
	return `Serves as an HTTP proxy, records all that passes, and prints "listening HOST:PORT" when it is ready. Devices
must trust DIR/ca.pem. On a loopback address it dials what it is asked for; on any other it refuses
loopback, link-local and this computer's own addresses.

Example:
  telltale proxy --listen 127.0.0.1:8080 --ca-dir ca --record capture
  curl --proxy http://127.0.0.1:8080 --cacert ca/ca.pem https://example.com/

EXIT STATUS
  0  ended by SIGTERM or SIGINT, and all is recorded
  1  it could not start, or could not record`
}

// controlHost is answered by the proxy itself, so that a device's way to it can be tried without an internet.
const controlHost = "control.telltale.test"

// drainTime is how long requests under way may take to end after a signal.
const drainTime = 10 * time.Second

// Run serves until ctx ends.
func (p *proxyCmd) Run(ctx context.Context, c *console) (err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // a heap of a few MB that turns over fast: a tenth of the CPU for about 10 MB
	}
	roots, err := trusted(p.Trust)
	if err != nil {
		return err
	}
	// Before anything is made: a mistyped address must not leave a CA behind.
	l, err := net.Listen("tcp", p.Listen)
	if err != nil {
		return fmt.Errorf("listening on --listen %q: %w; it must be a free host:port of this computer, such as 127.0.0.1:8080, or port 0 for any", p.Listen, err)
	}
	defer l.Close()
	ca, err := capture.LoadOrCreateCA(p.CADir)
	if err != nil {
		return err
	}
	rec, err := record.Create(p.Record, record.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rec.Close()) }()
	options := capture.Options{CA: ca, Record: rec, ControlHost: controlHost, PassAfter: p.Pass, Upstream: capture.Upstream{Roots: roots}}
	if p.Pcap != "" {
		file, ferr := os.OpenFile(p.Pcap, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if ferr != nil {
			return fmt.Errorf("creating --pcap: %w", ferr)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		options.Pcap = file
	}
	if !loopback(l.Addr()) {
		options.Refuse = refuseLocal
	}
	proxy, err := capture.New(options)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "listening %s\n", l.Addr())
	return serve(ctx, proxy, l, c.Err)
}

// serve runs the proxy until ctx ends, then lets it drain. A second signal ends the process as usual.
func serve(ctx context.Context, proxy *capture.Proxy, l net.Listener, log io.Writer) error {
	served := make(chan error, 1)
	go func() { served <- proxy.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	fmt.Fprintln(log, "stopping: requests under way may end")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	err := proxy.Shutdown(drain)
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

// trusted gives the system's roots and those of a file; nil, which means the system's, when no file is named.
func trusted(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading --trust: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading --trust: %s holds no PEM certificate", file)
	}
	return roots, nil
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

func refuseLocal(host string, port int, ip netip.Addr) error {
	if capture.Local(ip) {
		return fmt.Errorf("%s:%d is this computer; a proxy that listens for others does not dial it", host, port)
	}
	return nil
}
