package capture

import "time"

// Limits bounds what one phone, server or connection can take. The zero value of a field stands for its default.
type Limits struct {
	HeaderBytes int           // a request's head; 256 KiB. A longer one is answered 431 and recorded as an error
	HeaderTime  time.Duration // for a request's head to arrive; 30 s
	Idle        time.Duration // a connection without a request, or a CONNECT without a byte; 60 s
	Handshake   time.Duration // for a TLS handshake, with the phone and with a server; 15 s
	Dial        time.Duration // for a server to accept; 15 s
	SpeakFirst  time.Duration // silence of the phone after which the server is asked whether it speaks first; 1 s
	RelayIdle   time.Duration // a relayed tunnel without a byte either way; 35 min, above the heartbeat of push services
	RelayLog    int64         // bytes recorded of what the phone sends through a relayed tunnel; 1 MiB
	Drain       time.Duration // how long a request's rest is still read after it was answered; 1 s
	Still       time.Duration // for which a connection must have been still to make room for another; 1 s
	Conns       int           // connections of the phone at once; 0.45 of the open-file limit. The longest still one makes room
}

func (l Limits) withDefaults() Limits {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = 256 << 10
	}
	if l.RelayLog <= 0 {
		l.RelayLog = 1 << 20
	}
	if l.Conns <= 0 {
		l.Conns = openFiles() * 45 / 100 // two files each, and a tenth of the limit for all else
	}
	def(&l.HeaderTime, 30*time.Second)
	def(&l.Idle, 60*time.Second)
	def(&l.Handshake, 15*time.Second)
	def(&l.Dial, 15*time.Second)
	def(&l.SpeakFirst, time.Second)
	def(&l.RelayIdle, 35*time.Minute)
	def(&l.Drain, time.Second)
	def(&l.Still, time.Second)
	return l
}
