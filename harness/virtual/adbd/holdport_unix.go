//go:build unix

package adbd

import (
	"net"
	"syscall"
)

// holdPort binds an address without listening: connections are refused, but no other program gets the port. The
// returned function gives it back. If somebody was quicker there is nothing to hold.
func holdPort(addr *net.TCPAddr) (release func()) {
	none := func() {}
	var sa syscall.Sockaddr
	family := syscall.AF_INET
	if ip := addr.IP.To4(); ip != nil {
		sa = &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte(ip)}
	} else {
		family = syscall.AF_INET6
		in6 := &syscall.SockaddrInet6{Port: addr.Port}
		copy(in6.Addr[:], addr.IP.To16())
		sa = in6
	}
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return none
	}
	// With this option on both, the phone's own new listener may bind the port while we still hold it.
	syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if syscall.Bind(fd, sa) != nil {
		syscall.Close(fd)
		return none
	}
	return func() { syscall.Close(fd) }
}
