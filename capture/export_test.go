package capture

import "github.com/elazarl/goproxy"

// Goproxy lets tests add handlers.
func (p *Proxy) Goproxy() *goproxy.ProxyHttpServer { return p.gp }
