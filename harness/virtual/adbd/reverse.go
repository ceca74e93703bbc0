package adbd

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

const (
	maxTarget     = 256
	firstFreePort = 32768 // ip_local_port_range of Linux
	lastFreePort  = 60999
)

// reverseService answers one `reverse:` request with one WRTE and closes the stream.
func (l *link) reverseService(st *stream, request string) {
	defer st.Close()
	reply, err := l.reverseRequest(request)
	if err != nil {
		reply = "FAIL" + hex4(err.Error())
	}
	st.Write([]byte(reply))
}

// reverseRequest changes or lists the link's table. Replies have a single status, unlike those of `host:forward`.
func (l *link) reverseRequest(request string) (string, error) {
	verb, arg, _ := strings.Cut(request, ":")
	switch verb {
	case "forward":
		spec, norebind := strings.CutPrefix(arg, "norebind:")
		device, host, ok := strings.Cut(spec, ";")
		if !ok {
			return "", errors.New("bad forward: " + strconv.QuoteToASCII(spec))
		}
		port, err := devicePort(device)
		if err != nil {
			return "", fmt.Errorf("cannot bind listener: %w", err)
		}
		if !validTarget(host) {
			return "", errors.New("bad forward: " + strconv.QuoteToASCII(spec))
		}
		chosen, err := l.bind(port, host, norebind)
		if err != nil {
			return "", err
		}
		if port == 0 {
			return "OKAY" + hex4(strconv.Itoa(chosen)), nil
		}
		return "OKAY", nil
	case "list-forward":
		return hex4(l.listReverses()), nil
	case "killforward":
		port, err := devicePort(arg)
		if err != nil || !l.unbind(port) {
			return "", fmt.Errorf("listener '%s' not found", arg)
		}
		return "OKAY", nil
	case "killforward-all":
		l.clearReverses()
		return "OKAY", nil
	}
	return "", errors.New("unknown reverse request")
}

func hex4(text string) string {
	text = text[:min(len(text), 0xffff)]
	return fmt.Sprintf("%04x%s", len(text), text)
}

// devicePort reads the phone's side of a reverse: only tcp:N, 0 = choose one.
func devicePort(spec string) (int, error) {
	text, ok := strings.CutPrefix(spec, "tcp:")
	port, err := strconv.Atoi(text)
	if !ok || err != nil || port < 0 || port > 0xffff || strconv.Itoa(port) != text {
		return 0, errors.New("unsupported listener " + strconv.QuoteToASCII(spec))
	}
	return port, nil
}

// validTarget only bounds a host target: it is sent back to the host byte for byte, never changed.
func validTarget(t string) bool {
	return t != "" && len(t) <= maxTarget && strings.IndexFunc(t, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

var errCannotRebind = errors.New("cannot rebind existing socket")

// bind maps a port of the phone to a target of the host and returns the port.
func (l *link) bind(port int, target string, norebind bool) (int, error) {
	l.rmu.Lock()
	defer l.rmu.Unlock()
	_, bound := l.reverse[port]
	switch {
	case l.ctx.Err() != nil:
		return 0, errors.New("the link is lost") // else nobody would undo it
	case port != 0 && bound && norebind:
		return 0, errCannotRebind
	case !bound && len(l.reverse) >= l.s.opts.Limits.Reverses:
		return 0, errors.New("cannot bind listener: Too many open files")
	}
	if port == 0 {
		for port = 0; port == 0 || bound; {
			port = firstFreePort + rand.IntN(lastFreePort-firstFreePort+1)
			_, bound = l.reverse[port]
		}
	}
	if err := l.s.listenReal(port); err != nil {
		return 0, fmt.Errorf("cannot bind listener: %w", err)
	}
	l.reverse[port] = target
	if !bound {
		l.s.listens(port, 1)
	}
	return port, nil
}

// unbind removes a mapping. Streams that are open stay so.
func (l *link) unbind(port int) bool {
	l.rmu.Lock()
	_, ok := l.reverse[port]
	delete(l.reverse, port)
	if ok {
		l.s.listens(port, -1)
	}
	l.rmu.Unlock()
	if ok {
		l.s.closeReal(port)
	}
	return ok
}

// endReverses is for a link that is lost: its real listeners stay for the next link.
func (l *link) endReverses() {
	l.rmu.Lock()
	defer l.rmu.Unlock()
	for port := range l.reverse {
		l.s.listens(port, -1)
	}
	clear(l.reverse)
}

// listens counts the links that reverse a port.
func (s *Server) listens(port, change int) {
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	before := s.listening[port]
	s.listening[port] += change
	if s.listening[port] == 0 {
		delete(s.listening, port)
	}
	if hook := s.opts.OnReverse; hook != nil && (before == 0) != (before+change == 0) {
		hook(port, before == 0)
	}
}

// clearReverses removes all mappings, as by name.
func (l *link) clearReverses() {
	l.rmu.RLock()
	ports := slices.Collect(maps.Keys(l.reverse))
	l.rmu.RUnlock()
	for _, port := range ports {
		l.unbind(port)
	}
}

func (l *link) listReverses() string {
	l.rmu.RLock()
	defer l.rmu.RUnlock()
	var t strings.Builder
	for _, port := range slices.Sorted(maps.Keys(l.reverse)) {
		fmt.Fprintf(&t, "host-%d tcp:%d %s\n", l.id, port, l.reverse[port])
	}
	return t.String()
}

// Reverse is one reversed port of the phone.
type Reverse struct {
	Port   int    // on the phone
	Target string // on the host, as the adb server named it: "tcp:18888"
	Real   string // "127.0.0.1:40123" with Options.RealListeners, else ""
}

// Reverses lists the reversed ports of all live links by port; where two links map the same port, the newest counts.
func (s *Server) Reverses() []Reverse {
	table := map[int]string{}
	for _, l := range s.live() {
		l.rmu.RLock()
		maps.Copy(table, l.reverse)
		l.rmu.RUnlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Reverse
	for _, port := range slices.Sorted(maps.Keys(table)) {
		r := Reverse{Port: port, Target: table[port]}
		if p := s.real[port]; p != nil {
			r.Real = p.l.Addr().String()
		}
		all = append(all, r)
	}
	return all
}
