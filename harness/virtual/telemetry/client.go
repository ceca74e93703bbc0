package telemetry

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

// Network is what a client sends through; network.App is one.
type Network interface {
	HTTP() *http.Client
	DialTLS(ctx context.Context, address string, alpn ...string) (*tls.Conn, error)
}

// ClientOptions make a client. Zero values have the defaults given.
type ClientOptions struct {
	UID      int
	Device   Device   // Device.Package is the app
	URL      string   // collector
	Encoding Encoding //
	Network  Network
	Queue    *Queue             // outlives the client as an app's data does; nil: a new one
	Recorder *manifest.Recorder // nil: nothing is recorded

	Interval time.Duration    // between an event and its flush; default 15s; negative: never by time
	Count    int              // events that cause a flush; default 100; negative: never by count
	Timeout  time.Duration    // of one request; default 30s
	Now      func() time.Time // the host's clock, for the manifest; default time.Now
}

// Client is one app's analytics kit: a queue, a flush clock, retries.
type Client struct{}

// NewClient starts a client. Close ends it.
func NewClient(o ClientOptions) (*Client, error) { return nil, errors.New("telemetry is not built") }

// Track queues an event. It never waits for the network.
func (c *Client) Track(e Event) {}

// Flush sends everything queued, one request after the other, and returns the first failure. What failed stays queued if the kit retries it.
func (c *Client) Flush(ctx context.Context) error { return nil }

// Background says that the app left the screen: kits flush then, without the caller waiting.
func (c *Client) Background() {}

// Close stops the clock, cuts what is being sent, and waits. It does not flush: the queue keeps what was not sent.
func (c *Client) Close() {}
