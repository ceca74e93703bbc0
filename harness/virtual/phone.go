package virtual

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/apps"
	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/shell"
)

// PropVirtual is the property that marks a virtual phone; its value is the personality's name.
const PropVirtual = "ro.telltale.virtual"

// Options make a phone.
type Options struct {
	Personality personality.Personality
	Name        string           // in the manifest; default: the personality's
	Seed        string           // of its identifiers; default: Name
	Internet    network.Dialer   // what it can reach; nil: nothing
	RootPEM     []byte           // the system's certificate store
	Auth        adbd.AuthPolicy  // how it treats the key of an adb server; default: asks for none
	Now         func() time.Time // the host's clock; default time.Now
	Logf        func(format string, args ...any)
	Program     shell.Program // runs binaries pushed to the phone; nil: those of Programs
	Programs    []string      // files of this computer; a copy of one that is pushed runs as a process of this computer

	// OnCommand is called with each command line before the shell gets it, which waits until it returns; nil: none. Its
	// context ends when whoever sent the command hangs up.
	OnCommand func(ctx context.Context, line string)
}

// Phone is a virtual phone that is switched on.
type Phone struct {
	name    string
	state   *phone.Phone
	network *network.Network
	apps    *apps.System
	shell   *shell.Shell
	adb     *adbd.Server
	record  *manifest.Recorder
	natives *programs
	lies    *lies

	mu        sync.Mutex
	listening map[int]func() // reversed ports -> takes them out of the socket tables
	onCommand func(context.Context, string)
}

// New makes a phone and boots it. It is reachable after Listen or Serve.
func New(o Options) (*Phone, error) {
	if err := o.Personality.Check(); err != nil {
		return nil, fmt.Errorf("making a virtual phone: %w", err)
	}
	if o.Name == "" {
		o.Name = o.Personality.Name
	}
	if o.Seed == "" {
		o.Seed = o.Name
	}
	roots := x509.NewCertPool()
	if len(o.RootPEM) > 0 && !roots.AppendCertsFromPEM(o.RootPEM) {
		return nil, errors.New("making a virtual phone: RootPEM holds no certificate")
	}
	p := &Phone{name: o.Name, listening: map[int]func(){}, onCommand: o.OnCommand, record: manifest.NewRecorder(o.Name, o.Personality.Name)}
	set := factory(o)
	p.state = phone.New(set)
	if err := install(p.state.Files, o.Personality, set.Packages); err != nil {
		return nil, err
	}
	p.natives = newPrograms(p, o.Programs)
	if o.Program == nil {
		o.Program = p.natives.run
	}
	p.network = network.New(network.Options{
		Proxy: p.state.Proxy.Effective, Now: p.state.Now,
		Loopback: p.natives.loopback,
		Internet: radio{o.Internet, p.state},
	})
	p.adb = adbd.New(adbd.Options{Device: device{p}, Auth: o.Auth, Logf: o.Logf, OnReverse: p.reversed})
	for _, proto := range []string{"tcp", "tcp6", "udp", "udp6"} {
		p.state.Files.Live("/proc/net/"+proto, func() []byte { return []byte(p.network.ProcNet(proto)) })
	}
	p.state.Files.Install("/sys/class/net/wlan0/address", []byte(p.state.Identity.WifiMAC+"\n"), 0o444)
	p.apps = apps.New(apps.Options{Phone: p.state, Network: p.network, Roots: roots, Trusted: certificates(o.RootPEM), Personality: o.Personality, Recorder: p.record})
	p.lies = &lies{p: p, told: o.Personality.Lies, inputs: map[string]int{}}
	p.shell = shell.New(shell.Options{Phone: p.state, Apps: p.apps, Network: p.network, Reboot: p.adb.Reboot, Program: o.Program, Input: p.lies.input})
	p.lies.begin()
	return p, nil
}

// certificates are those of a PEM file that parse.
func certificates(text []byte) []*x509.Certificate {
	var out []*x509.Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return out
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, c)
		}
		text = rest
	}
}

// reversed keeps the socket tables true: the adb daemon listens on a reversed port.
func (p *Phone) reversed(port int, listening bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if release := p.listening[port]; release != nil {
		release()
		delete(p.listening, port)
	}
	if listening {
		p.listening[port] = p.network.Listen(phone.ShellUID, port)
	}
}

// Listen makes the phone reachable on a TCP address, in the background: "127.0.0.1:0".
func (p *Phone) Listen(ctx context.Context, addr string) error { return p.adb.Listen(ctx, addr) }

// Serve makes the phone reachable through a listener until Close.
func (p *Phone) Serve(l net.Listener) error { return p.adb.Serve(l) }

// Addr is where the phone listens for adb; nil before Listen or Serve.
func (p *Phone) Addr() net.Addr { return p.adb.Addr() }

// Name is the phone's name in its manifest.
func (p *Phone) Name() string { return p.name }

// Serial is what ro.serialno says. The adb server names the phone by its address instead.
func (p *Phone) Serial() string { return p.state.Identity.Serial }

// Personality is the value of ro.telltale.virtual.
func (p *Phone) Personality() string { return p.state.Props.Get(PropVirtual) }

// Manifest is what the apps really sent so far. Nothing may look at it before the run it belongs to is closed.
func (p *Phone) Manifest() manifest.Manifest { return p.record.Manifest() }

// WriteManifest writes the manifest as JSON.
func (p *Phone) WriteManifest(w io.Writer) error {
	_, err := p.record.WriteTo(w)
	return err
}

// State is the phone's state, with its fault switches: for tests that make it misbehave.
func (p *Phone) State() *phone.Phone { return p.state }

// ADB is the phone's side of the wire, with its faults.
func (p *Phone) ADB() *adbd.Server { return p.adb }

// Apps is what runs on it.
func (p *Phone) Apps() *apps.System { return p.apps }

// Network is its network stack.
func (p *Phone) Network() *network.Network { return p.network }

// Close switches the phone off and returns when nothing of it runs any more.
func (p *Phone) Close() error {
	p.state.Close()
	p.natives.close()
	p.lies.close()
	err := p.adb.Close()
	p.apps.Close()
	p.network.CloseAll()
	p.shell.Close()
	return err
}
