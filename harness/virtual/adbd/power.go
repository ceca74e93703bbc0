package adbd

import (
	"context"
	"sync"
)

// PowerOff takes the phone down: all links and commands end, and until PowerOn every connection is reset at once. It
// does not wait for the commands.
func (s *Server) PowerOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = false
	s.powerOff()
	s.dropLinks()
}

// PowerOn brings the phone up again, with no link and no reverse. An adb server that was connected comes back by
// itself, but after up to 10 s: disconnect and connect is quicker.
func (s *Server) PowerOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up || s.closed {
		return
	}
	s.up = true
	s.power, s.powerOff = context.WithCancel(s.ctx)
	s.running = new(sync.WaitGroup)
}

// Reboot takes the phone down, waits until its commands have ended, calls Device.Reboot, which returns when the phone
// is up again, and brings it up. It returns at once and may be called from a running command. While the phone
// reboots, a second call does nothing.
func (s *Server) Reboot(mode string) {
	if !s.rebooting.CompareAndSwap(false, true) {
		return
	}
	s.spawn(func() {
		defer s.rebooting.Store(false)
		s.mu.Lock()
		running := s.running
		s.mu.Unlock()
		s.PowerOff()
		running.Wait()
		s.opts.Device.Reboot(s.ctx, mode)
		s.PowerOn()
	})
}
