package capture

import (
	"net/http"
	"strings"
)

// The control host is a site of our own, which needs no internet: a page with a search box to whatever is asked for, and
// a file to whatever is asked for below controlFiles. Nothing of a request comes back.
const (
	controlPage = `<!doctype html><meta name="viewport" content="width=device-width"><title>Telltale control</title><p>Telltale control
<form action="/find"><input name="q" type="search" aria-label="Search this site"></form>
`
	controlFiles = "/download/"
	controlFile  = "A file of the Telltale control host.\n"
)

// control answers for the control host.
func (x *exchange) control(r *http.Request) *http.Response {
	if !strings.HasPrefix(r.URL.Path, controlFiles) {
		return x.answer(r, http.StatusOK, controlPage)
	}
	resp := x.answer(r, http.StatusOK, controlFile)
	resp.Header.Set("Content-Type", "application/octet-stream")
	resp.Header.Set("Content-Disposition", "attachment") // its name is the address's last part
	x.resp.Headers = appendHeaders(nil, resp.Header, false)
	return resp
}
