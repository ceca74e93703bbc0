package capture_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/flow"
)

func TestLocal(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1": true, "127.200.0.9": true, "::1": true, "::ffff:127.0.0.1": true, "169.254.169.254": true, "fe80::1%eth0": true,
		"0.0.0.0": true, "::": true, "0.1.2.3": true, "224.0.0.1": true, "255.255.255.255": true,
		"192.0.2.1": false, "2001:db8::1": false, "100.64.0.1": false,
	} {
		if got := capture.Local(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Local(%s) = %v", addr, got)
		}
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range own {
		if ip := netip.MustParsePrefix(a.String()).Addr(); !capture.Local(ip) {
			t.Errorf("our own %s is not local", ip)
		}
	}
}

func TestRefusedAddressesAreNotDialled(t *testing.T) {
	asked := make(chan string, 8)
	r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("the origin was asked") }, func(o *capture.Options) {
		o.Upstream.Dial = nil
		o.Refuse = func(host string, port int, ip netip.Addr) error {
			asked <- host
			if capture.Local(ip) {
				return errors.New("not that one")
			}
			return nil
		}
	})
	_, port, _ := net.SplitHostPort(r.origin.Listener.Addr().String())
	resp, err := r.client(false).Get("http://localhost:" + port + "/")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusBadGateway || <-asked != "localhost" {
		t.Errorf("status %d", resp.StatusCode)
	}
	if f := one(t, r.flows(), flow.KindExchange); f.Fault != flow.FaultUpstream {
		t.Errorf("%+v", f)
	}
}
