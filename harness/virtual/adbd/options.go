package adbd

import (
	"context"
	"net"
	"slices"
	"strings"
)

// Options set up a [Server].
type Options struct {
	// Device is the phone behind the wire. Required.
	Device Device

	// Auth says how the phone treats the RSA key of an adb server; the zero value asks for none.
	Auth AuthPolicy
	// Known are public keys that were allowed before, in the form of adbkey.pub. A malformed one is ignored.
	Known []string
	// OnPrompt is called when the phone would show "Allow USB debugging?"; [Server.Accept] is the tap. It must not block.
	OnPrompt func(Key)

	// Features are advertised in CNXN; nil means [DefaultFeatures]. Leave shell_v2 out for an Android 6 phone.
	// Features that this package does not implement (delayed_ack, abb_exec, ...) are dropped.
	Features []string
	// MaxData is the largest payload of one packet, in bytes: 1 MiB if 0 (Android 9 and later), at least 4096.
	MaxData uint32

	// Dial connects `adb forward` to a socket of the phone. target is what adb asked for: "tcp:9222",
	// "localabstract:chrome_devtools_remote". Nil refuses all.
	Dial func(ctx context.Context, target string) (net.Conn, error)

	// RealListeners gives each reversed port of the phone a real listener on 127.0.0.1, for programs outside of this
	// process (Chromium); see [Server.Reverses]. It stays the same when the link drops and the port is reversed anew.
	RealListeners bool

	// OnReverse is called when the phone's daemon begins or ends listening on a port, because a link reversed it first or
	// the last such link has removed it or gone: what the socket tables of the phone show. Calls come one at a time and
	// must not call the Server.
	OnReverse func(port int, listening bool)

	// Logf receives one line for each link that ended by an error. Nil drops them.
	Logf func(format string, args ...any)

	// Limits bound what an adb server may make us hold; zero fields mean the defaults.
	Limits Limits
}

// Limits bound what one adb server can cost. Beyond Streams, Commands and Reverses the request is refused; beyond
// Buffered the link is closed.
type Limits struct {
	Links    int   // connections at a time: 64
	Streams  int   // open streams of one link: 4096
	Commands int   // commands running at a time, all links, also those whose client has gone: 4096
	Reverses int   // reversed ports of one link: 256
	Buffered int64 // bytes of one link that no consumer has taken yet: 256 MiB
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Links, 64)
	def(&l.Streams, 4096)
	def(&l.Commands, 4096)
	def(&l.Reverses, 256)
	if l.Buffered <= 0 {
		l.Buffered = 256 << 20
	}
	return l
}

const (
	defaultMaxData = 1 << 20
	minMaxData     = 4096 // MAX_PAYLOAD_V1 of Android
)

// DefaultFeatures are what a phone advertises: exactly what this package implements.
func DefaultFeatures() []string { return []string{"shell_v2", "cmd", "stat_v2", "ls_v2"} }

// implemented keeps the features that this package can honour.
func implemented(features []string) []string {
	var out []string
	for _, f := range features {
		if slices.Contains(DefaultFeatures(), f) && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// cnxn is the text of the phone's CNXN. Measured: spaces in a model reach `adb devices -l` as '_'.
func (b Banner) cnxn(features []string) string {
	clean := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || strings.ContainsRune(";=:", r) {
				return -1
			}
			return r
		}, s[:min(len(s), 256)])
	}
	var t strings.Builder
	t.WriteString("device::")
	t.WriteString("ro.product.name=" + clean(b.Product) + ";")
	t.WriteString("ro.product.model=" + clean(b.Model) + ";")
	t.WriteString("ro.product.device=" + clean(b.Device) + ";")
	t.WriteString("features=" + strings.Join(features, ","))
	return t.String()
}
