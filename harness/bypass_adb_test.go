package harness_test

import (
	"net/netip"
	"testing"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile"
)

// A phone that adb reaches over the network has adb's own connection in its tables: it is told for what it is, by the
// phone's end of it, and leads around the proxy like any other.
func TestAdbOverTheNetwork(t *testing.T) {
	const shell, app = 2000, 10152
	for name, c := range map[string]struct {
		kind, serial, local, proto string
		uid                        int
		want                       bool
	}{
		"adb's own":                   {profile.USB, "192.168.0.164:5555", "192.168.0.164:5555", "tcp", shell, true},
		"of a dual stack":             {profile.USB, "192.168.0.164:5555", "[::ffff:192.168.0.164]:5555", "tcp6", shell, true},
		"another of the shell's":      {profile.USB, "192.168.0.164:5555", "192.168.0.164:40001", "tcp", shell, false},
		"at another of its addresses": {profile.USB, "192.168.0.164:5555", "10.0.0.7:5555", "tcp", shell, false},
		"an app's":                    {profile.USB, "192.168.0.164:5555", "192.168.0.164:5555", "tcp", app, false},
		"no connection":               {profile.USB, "192.168.0.164:5555", "192.168.0.164:5555", "udp", shell, false},
		"on a cable":                  {profile.USB, "7c2d9a10", "192.168.0.164:5555", "tcp", shell, false},
		"by a name":                   {profile.USB, "phone.lan:5555", "192.168.0.164:5555", "tcp", shell, false},
		"virtual":                     {profile.Virtual, "127.0.0.1:5555", "127.0.0.1:5555", "tcp", shell, false},
	} {
		around, adbs := harness.Around(c.kind, c.serial, adb.Socket{
			Proto: c.proto, Local: netip.MustParseAddrPort(c.local), Remote: netip.MustParseAddrPort("192.168.0.5:41234"), State: adb.TCPEstablished, UID: c.uid,
		})
		if !around || adbs != c.want {
			t.Errorf("%s: around %v, adb's %v, want %v", name, around, adbs, c.want)
		}
	}
}
