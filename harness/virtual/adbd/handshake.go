package adbd

import (
	"crypto/rand"
	"fmt"
	"syscall"
)

// hello answers the host's CNXN. The host speaks first, and again with sum 0 when it reconnects: it remembers the
// version. A CNXN on a link that is online starts it anew, as on Android.
func (l *link) hello(p packet) error {
	if p.arg0 < versionChecksums || p.arg1 < minMaxData {
		return fmt.Errorf("%w: CNXN version %#x, maximum %d", errBadPacket, p.arg0, p.arg1)
	}
	if l.s.faults.muted() {
		return nil
	}
	l.mu.Lock()
	l.online, l.pending, l.token, l.tries = false, nil, nil, 0
	l.mu.Unlock()
	l.dropStreams(syscall.ECONNRESET)
	l.clearReverses()
	l.hostMax.Store(min(p.arg1, l.s.cnxnMax))
	l.checksums.Store(p.arg0 < versionNow)
	if l.s.opts.Auth == NoAuth {
		l.welcome()
		return nil
	}
	return l.challenge()
}

// welcome puts the link online. The phone may do so at any time: the host waits for it after its last AUTH.
func (l *link) welcome() {
	l.mu.Lock()
	l.online, l.pending, l.token = true, nil, nil
	l.mu.Unlock()
	banner := l.s.opts.Device.Banner().cnxn(l.s.features)
	l.send(packet{cmd: cmdCNXN, arg0: versionNow, arg1: l.s.cnxnMax, data: []byte(banner)})
}

// challenge sends a new token.
func (l *link) challenge() error {
	token := make([]byte, tokenSize)
	if _, err := rand.Read(token); err != nil {
		return fmt.Errorf("making a token: %w", err)
	}
	l.mu.Lock()
	l.token = token
	l.mu.Unlock()
	l.send(packet{cmd: cmdAUTH, arg0: authToken, data: token})
	return nil
}

// authenticate answers one AUTH: each signature of an unknown key gets a new token, until the host has no more keys
// and sends its public key, which is what the user is asked about.
func (l *link) authenticate(p packet) error {
	l.mu.Lock()
	token, online := l.token, l.online
	l.tries++
	tries := l.tries
	l.mu.Unlock()
	if online || token == nil {
		return nil
	}
	if tries > maxSignatures {
		return fmt.Errorf("%d tries to authenticate", tries)
	}
	switch p.arg0 {
	case authSignature:
		if l.s.knows(token, p.data) {
			l.welcome()
			return nil
		}
		return l.challenge()
	case authPublicKey:
		return l.offered(p.data)
	}
	return fmt.Errorf("%w: AUTH of type %d", errBadPacket, p.arg0)
}

// offered handles a public key that the phone does not know.
func (l *link) offered(data []byte) error {
	k, err := parseKey(string(data))
	if err != nil {
		return err
	}
	switch l.s.opts.Auth {
	case AcceptAll:
		l.s.mu.Lock()
		l.s.remember(k)
		l.s.mu.Unlock()
		l.welcome()
	case Prompt:
		l.mu.Lock()
		l.pending = &k
		l.mu.Unlock()
		if l.s.opts.OnPrompt != nil {
			l.s.opts.OnPrompt(k)
		}
	}
	return nil
}

func (s *Server) knows(token, signature []byte) bool {
	if s.opts.Auth == Refuse {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.signed(token, signature) {
			return true
		}
	}
	return false
}

func (l *link) pendingKey() *Key {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pending
}

func (l *link) takePending() *Key {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.pending
	l.pending = nil
	return k
}
