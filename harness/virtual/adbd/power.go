package adbd

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// PowerOff takes the phone down: all links and commands end, and until PowerOn a TCP connection is refused, as by a
// phone whose adb daemon is not up. It does not wait for the commands.
func (s *Server) PowerOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up || s.closed {
		return
	}
	s.up = false
	s.powerOff()
	s.dropLinks()
	if addr, ok := s.addr.(*net.TCPAddr); ok {
		s.listener.Close()
		s.releasePort = holdPort(addr)
	}
}

// PowerOn brings the phone up again on its old address, with no link and no reverse. An adb server that was connected
// comes back by itself, but after up to 10 s: disconnect and connect takes some milliseconds.
func (s *Server) PowerOn() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up || s.closed {
		return nil
	}
	if addr, ok := s.addr.(*net.TCPAddr); ok {
		l, err := net.Listen("tcp", addr.String())
		if err != nil {
			return fmt.Errorf("powering on the phone at %s: %w", addr, err)
		}
		s.releasePort()
		s.listener = l
		s.wg.Go(func() { s.accept(l) })
	}
	s.up = true
	s.power, s.powerOff = context.WithCancel(s.ctx)
	s.running = new(sync.WaitGroup)
	return nil
}

// Reboot takes the phone down, waits until its commands have ended, calls Device.Reboot, which returns when the phone
// is up again, and brings it up. It returns at once and may be called from a running command. While the phone
// reboots, a second call does nothing.
func (s *Server) Reboot(mode string) {
	if !s.rebooting.CompareAndSwap(false, true) {
		return
	}
	begun := s.spawn(func() {
		defer s.rebooting.Store(false)
		s.mu.Lock()
		running := s.running
		s.mu.Unlock()
		s.PowerOff()
		running.Wait()
		s.opts.Device.Reboot(s.ctx, mode)
		if err := s.PowerOn(); err != nil {
			s.logf("%v", err)
		}
	})
	if !begun {
		s.rebooting.Store(false)
	}
}
