//go:build !unix

package adbd

import "net"

// holdPort holds nothing here.
func holdPort(*net.TCPAddr) (release func()) { return func() {} }
