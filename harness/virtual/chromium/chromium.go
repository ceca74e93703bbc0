// Package chromium lets an app of a virtual phone be a real browser: it runs headless Chromium, which reaches the network
// through the phone's alone. What such an app sends is Chromium's own doing: no manifest knows it, and nothing here does.
package chromium

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// names are what Chromium is called on PATH.
var names = [...]string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}

// ErrMissing is the error of a computer without Chromium.
var ErrMissing = errors.New("no chromium on PATH: install it (Debian: apt-get install chromium)")

// Find returns the path of a Chromium on this computer, or [ErrMissing].
func Find() (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

// Options make a browser.
type Options struct {
	Network Network
	Trusted func() []*x509.Certificate // CAs that it believes beside its own: those of the phone's stores
}

// Browser is one app: a Chromium for its ordinary tabs and one for its private ones, each started when it is first
// needed. Its methods may be called from any goroutine.
type Browser struct {
	options Options
	mu      sync.Mutex // held while a page loads: one tab is in front
	running map[bool]*process
	closed  bool
}

// New returns a browser that runs nothing yet.
func New(o Options) *Browser { return &Browser{options: o, running: map[bool]*process{}} }

// Page is a page as Chromium shows it.
type Page struct{ URL, Title, Text string }

// LoadError is why a page did not load, in Chromium's words: net::ERR_CERT_AUTHORITY_INVALID.
type LoadError struct{ Code string }

func (e *LoadError) Error() string { return "loading a page: " + e.Code }

// loadTime bounds the start of Chromium and the loading of a page.
const loadTime = 2 * time.Minute

// Load opens an address in the tab and returns what the page shows once it has loaded.
func (b *Browser) Load(ctx context.Context, private bool, address string) (Page, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return Page{}, errors.New("the browser was closed")
	}
	keys := b.keys()
	p := b.running[private]
	if p != nil && (p.ended() || !slices.Equal(p.keys, keys)) {
		p.close()
		p = nil
	}
	if p == nil {
		var err error
		if p, err = start(ctx, b.options.Network, private, keys); err != nil {
			return Page{}, fmt.Errorf("starting Chromium: %w", err)
		}
		b.running[private] = p
	}
	return p.load(ctx, address)
}

// keys are the digests of the public keys that Chromium is to believe, as its flag wants them.
func (b *Browser) keys() []string {
	var out []string
	for _, c := range b.options.Trusted() {
		sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
		out = append(out, base64.StdEncoding.EncodeToString(sum[:]))
	}
	slices.Sort(out)
	return out
}

// Leave ends the private tabs.
func (b *Browser) Leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.running[true]; p != nil {
		p.close()
		delete(b.running, true)
	}
}

// Close ends every process and removes what they stored.
func (b *Browser) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, p := range b.running {
		p.close()
	}
	clear(b.running)
}

// arguments are Chromium's. Its own traffic in the background is left on: it is what a browser sends.
func arguments(proxy, profile string, private, root bool, keys []string) []string {
	out := []string{
		"--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu", "--disable-dev-shm-usage",
		"--mute-audio", "--password-store=basic", "--use-mock-keychain", "--user-data-dir=" + profile,
		"--proxy-server=http://" + proxy, "--proxy-bypass-list=<-loopback>",
	}
	if len(keys) > 0 {
		out = append(out, "--ignore-certificate-errors-spki-list="+strings.Join(keys, ","))
	}
	if private {
		out = append(out, "--incognito")
	}
	if root {
		out = append(out, "--no-sandbox") // Chromium's sandbox refuses to run as root
	}
	return append(out, "about:blank")
}
