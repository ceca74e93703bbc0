package adb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Reverse is a port of the phone that leads to a port of ours.
type Reverse struct {
	Device int
	Host   int
}

// Reverses lists the phone's reverse tunnels between TCP ports; others are left out. They are gone after every drop of the link.
func (d *Device) Reverses(ctx context.Context) ([]Reverse, error) {
	const op = "listing reverse tunnels"
	text, err := d.reverse(ctx, op, "list-forward")
	if err != nil {
		return nil, err
	}
	list, err := ParseReverses(text)
	if err != nil {
		return nil, newFault(Malformed, d.serial, op, err)
	}
	return list, nil
}

// EnsureReverse makes the phone's 127.0.0.1:devicePort lead to our 127.0.0.1:hostPort. It may be repeated at any time,
// and must be after every reconnect. A port that already leads elsewhere is a fault, [ReverseTaken]: rebinding it while
// an app dials makes the adb server abort (measured, 29.0.6: dead after 3 cycles), and with it every phone's link.
func (d *Device) EnsureReverse(ctx context.Context, devicePort, hostPort int) error {
	op := fmt.Sprintf("reversing port %d", devicePort)
	if !isPort(devicePort) || !isPort(hostPort) {
		return newFault(Usage, d.serial, op, fmt.Errorf("ports %d and %d", devicePort, hostPort))
	}
	// A second look settles the race with another caller who just bound the same port.
	for try := 0; ; try++ {
		list, err := d.Reverses(ctx)
		if err != nil {
			return err
		}
		for _, r := range list {
			switch {
			case r.Device != devicePort:
			case r.Host == hostPort:
				return nil
			default:
				return newFault(ReverseTaken, d.serial, op, fmt.Errorf("it leads to port %d", r.Host))
			}
		}
		_, err = d.reverse(ctx, op, fmt.Sprintf("forward:norebind:tcp:%d;tcp:%d", devicePort, hostPort))
		if err == nil || try == 1 || CodeOf(err) != Refused {
			return err
		}
	}
}

// RemoveReverse takes a tunnel away; one that is not there is no error. Only when no app of the phone can dial the
// port: after its proxy was cleared and its apps were stopped. Otherwise the adb server aborts, as described at
// [Device.EnsureReverse].
func (d *Device) RemoveReverse(ctx context.Context, devicePort int) error {
	op := fmt.Sprintf("removing the reverse of port %d", devicePort)
	_, err := d.reverse(ctx, op, fmt.Sprintf("killforward:tcp:%d", devicePort))
	var said refusal
	if errors.As(err, &said) && strings.HasSuffix(string(said), "not found") { // listener 'tcp:...' not found
		return nil
	}
	return err
}

// reverse asks the phone's daemon and returns the text of its answer. Commands answer OKAY, list-forward answers with
// its length and text alone (unlike the host's own forward services).
func (d *Device) reverse(ctx context.Context, op, request string) ([]byte, error) {
	c := Command{Kind: "reverse", Argv: []string{request}}
	ctx, end, err := d.begin(ctx, c, op)
	if err != nil {
		return nil, err
	}
	res, dry := d.answered(c)
	text := res.Stdout
	if !dry {
		text, err = d.askReverse(ctx, op, request)
	}
	end(&Command{BytesOut: int64(len(text)), Err: err})
	return text, err
}

func (d *Device) askReverse(ctx context.Context, op, request string) ([]byte, error) {
	k, err := d.open(ctx, op, "reverse:"+request)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	out, err := k.rest(maxService + 8)
	if err != nil {
		if CodeOf(err) == ServerGone {
			err = newFault(Closed, d.serial, op, err)
		}
		return nil, err
	}
	text, err := reverseAnswer(out)
	var said refusal
	switch {
	case errors.As(err, &said):
		return nil, newFault(Refused, d.serial, op, said)
	case err != nil && len(out) == 0:
		return nil, newFault(Closed, d.serial, op, err)
	case err != nil:
		return nil, newFault(Malformed, d.serial, op, err)
	}
	return text, nil
}

// refusal is the text of a FAIL.
type refusal string

func (r refusal) Error() string { return string(r) }

func reverseAnswer(out []byte) ([]byte, error) {
	head := string(out[:min(4, len(out))])
	switch head {
	case "OKAY":
		if out = out[4:]; len(out) == 0 {
			return nil, nil
		}
	case "FAIL":
		out = out[4:]
	}
	if len(out) < 4 {
		return nil, fmt.Errorf("answer of %d bytes", len(out))
	}
	n, err := strconv.ParseUint(string(out[:4]), 16, 16)
	if err != nil || len(out)-4 < int(n) {
		return nil, fmt.Errorf("answer %q", clip(string(out)))
	}
	text := out[4 : 4+n]
	if head == "FAIL" {
		return nil, refusal(text)
	}
	return text, nil
}

// ParseReverses reads lines such as "host tcp:8080 tcp:18888"; the first word differs between phones. At most 1024.
func ParseReverses(text []byte) ([]Reverse, error) {
	var out []Reverse
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) < 2 {
			return nil, fmt.Errorf("line %q", clip(line))
		}
		device, ok1 := tcpPort(f[len(f)-2])
		host, ok2 := tcpPort(f[len(f)-1])
		if !ok1 || !ok2 {
			continue
		}
		if len(out) == 1024 {
			return nil, fmt.Errorf("more than 1024 reverse tunnels")
		}
		out = append(out, Reverse{Device: device, Host: host})
	}
	return out, nil
}

func tcpPort(spec string) (int, bool) {
	digits, ok := strings.CutPrefix(spec, "tcp:")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && isPort(n)
}

func isPort(n int) bool { return n > 0 && n < 1<<16 }
