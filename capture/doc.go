// Package capture is the proxy that a phone's traffic goes through: it ends TLS with a certificate of the farm's own
// CA, forwards what the phone sends unchanged, and records it (capture/record). goproxy gives CONNECT, handlers and
// conditions; the decrypted connection is served by our own http.Server and http2.Server, which have the limits and
// deadlines that goproxy's loop has not.
//
// It refuses to lose anything silently: whatever cannot be read (a refused certificate, a pinned app, a protocol that
// is not HTTP) is a flow with its class, and a request is in the record before it is forwarded. It judges nothing and
// decodes no body.
package capture
