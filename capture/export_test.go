package capture

import (
	"io"

	"github.com/elazarl/goproxy"
)

// Goproxy lets tests add handlers.
func (p *Proxy) Goproxy() *goproxy.ProxyHttpServer { return p.gp }

// ReadProxyHeader reads what the relay says before an app's bytes.
func ReadProxyHeader(r io.Reader) (peer Peer, local bool, err error) {
	h, err := readProxyHeader(r)
	return h.peer, h.local, err
}
