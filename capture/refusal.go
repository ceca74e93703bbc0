package capture

import (
	"errors"
	"io"
	"net"
	"reflect"

	"github.com/telltale-farm/telltale/capture/flow"
)

// TLS alerts that say the phone's app did not take our certificate (RFC 8446, section 6.2). Apps under Android send 46
// for a CA that is not trusted and, depending on the library, 42 or 48 for a pin.
func certificateAlert(n int) bool { return n >= 42 && n <= 46 || n == 48 }

// refused records a handshake that failed.
func (t *tunnel) refused(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	alert, isAlert := remoteAlert(err)
	switch {
	case isAlert && certificateAlert(alert):
		t.p.pass.refused(t.name)
		t.f.Class, t.f.Alert = flow.ClassUntrustedCA, alert
	case isAlert && (alert == 0 || alert == 90): // close_notify, user_canceled
		t.f.Class, t.f.Alert = flow.ClassClosedEarly, alert
	case isAlert:
		t.f.Class, t.f.Alert = flow.ClassMismatch, alert
	case closed(err):
		t.f.Class = flow.ClassClosedEarly
	default: // our side found nothing in common, or what came is not the protocol
		t.f.Class = flow.ClassMismatch
	}
	t.end(err)
}

// remoteAlert gives the number of the alert that err is the arrival of. crypto/tls keeps the type to itself.
func remoteAlert(err error) (int, bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return 0, false
	}
	if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 {
		return int(v.Uint()), true
	}
	return 0, false
}

// closed says whether err is the end of a connection and not a word of a protocol.
func closed(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "local error" {
		return false
	}
	var ne net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || timeout(err) || errors.As(err, &ne)
}

// unused classifies a connection that finished its handshake and asked for nothing: an app that checks its pin after
// the handshake does just that.
func (t *tunnel) unused() {
	t.waitLive()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.requests > 0 || t.f.Class != flow.ClassReadable {
		t.p.pass.served(t.name)
		return
	}
	t.p.pass.refused(t.name)
	t.f.Class = flow.ClassPinned
	if alert, ok := remoteAlert(t.readErr); ok {
		t.f.Alert = alert
		if certificateAlert(alert) {
			t.f.Class = flow.ClassUntrustedCA
		}
	}
	t.end(t.readErr)
}
