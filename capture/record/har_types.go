package record

import (
	"encoding/json"

	"github.com/telltale-farm/telltale/capture/flow"
)

// The shape of what WriteHAR writes. Fields that begin with _ are not in HAR 1.2.

type harTool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harEntry struct {
	Started    string       `json:"startedDateTime"`
	Time       json.Number  `json:"time"`
	Request    harRequest   `json:"request"`
	Response   harResponse  `json:"response"`
	Cache      struct{}     `json:"cache"`
	Timings    harTimings   `json:"timings"`
	Server     string       `json:"serverIPAddress,omitempty"`
	Connection string       `json:"connection"`
	Messages   []harMessage `json:"_webSocketMessages,omitempty"`
	Own        harOwn       `json:"_telltale"`
	Comment    string       `json:"comment,omitempty"` // the file's, so that an entry alone says it too
}

// harOwn is what only this program knows of an entry.
type harOwn struct {
	Seq     int64            `json:"seq"`
	App     string           `json:"app,omitempty"`
	AppBy   flow.Attribution `json:"app_by,omitempty"`
	Control bool             `json:"control,omitempty"` // answered by the proxy; never left this computer
	Class   flow.Class       `json:"class,omitempty"`
	Error   string           `json:"error,omitempty"`

	TLS       *flow.TLS `json:"tls,omitempty"`        // the phone's side
	ServerTLS *flow.TLS `json:"server_tls,omitempty"` // ours to the server
}

type harRequest struct {
	Method      string      `json:"method"`
	URL         string      `json:"url"`
	Version     string      `json:"httpVersion"`
	Cookies     []struct{}  `json:"cookies"`
	Headers     []harHeader `json:"headers"`
	Trailers    []harHeader `json:"_trailers,omitempty"`
	Query       []harHeader `json:"queryString"`
	Post        *harPost    `json:"postData,omitempty"`
	HeadersSize int         `json:"headersSize"`
	BodySize    int64       `json:"bodySize"`
}

type harPost struct {
	MIME      string     `json:"mimeType"`
	Params    []struct{} `json:"params"`
	Text      string     `json:"text"`
	Encoding  string     `json:"encoding,omitempty"`
	Truncated bool       `json:"_truncated,omitempty"` // not all that was sent is here
	Partial   bool       `json:"_partial,omitempty"`   // the sender stopped before its end
	Missing   string     `json:"_missing,omitempty"`   // why the stored bytes could not be read
	SHA256    string     `json:"_sha256"`
}

type harResponse struct {
	Status      int         `json:"status"`
	Text        string      `json:"statusText"`
	Version     string      `json:"httpVersion"`
	Cookies     []struct{}  `json:"cookies"`
	Headers     []harHeader `json:"headers"`
	Content     harContent  `json:"content"`
	Redirect    string      `json:"redirectURL"`
	HeadersSize int         `json:"headersSize"`
	BodySize    int64       `json:"bodySize"`
	Comment     string      `json:"comment,omitempty"`
}

type harContent struct {
	Size     int64  `json:"size"`
	MIME     string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Missing  string `json:"_missing,omitempty"`
}

type harHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Exact string `json:"_base64,omitempty"` // the value's bytes, when they are not UTF-8
}

type harTimings struct {
	Send    json.Number `json:"send"`
	Wait    json.Number `json:"wait"`
	Receive json.Number `json:"receive"`
}

type harMessage struct {
	Type      string      `json:"type"` // send or receive
	Time      json.Number `json:"time"` // seconds since 1970
	Opcode    int         `json:"opcode"`
	Data      string      `json:"data"` // base64 when the opcode is 2, or encoding says so
	Encoding  string      `json:"_encoding,omitempty"`
	Truncated bool        `json:"_truncated,omitempty"`
	Missing   string      `json:"_missing,omitempty"`
}

// harTelltale lists what a HAR has no entry for.
type harTelltale struct {
	Schema int         `json:"schema"`
	Phone  string      `json:"phone,omitempty"`
	Flows  []harUnread `json:"flows"` // tunnels, refused handshakes and streams that are no HTTP
}

type harUnread struct {
	Seq      int64      `json:"seq"`
	Kind     flow.Kind  `json:"kind"`
	Host     string     `json:"host"`
	Port     int        `json:"port"`
	App      string     `json:"app,omitempty"`
	Class    flow.Class `json:"class,omitempty"` // why it could not be read; empty for a tunnel whose exchanges are entries
	Alert    int        `json:"alert,omitempty"`
	Requests int64      `json:"requests"`
	Up       int64      `json:"bytes_up"`
	Down     int64      `json:"bytes_down"`
	Error    string     `json:"error,omitempty"`

	Intercepted bool `json:"intercepted,omitempty"` // its handshake was answered by us
	Control     bool `json:"control,omitempty"`     // answered by the proxy; never left this computer
	Open        bool `json:"open,omitempty"`        // it had not ended when the recording did
	Sent        bool `json:"sent,omitempty"`        // some of what it sent is recorded

	TLS       *flow.TLS `json:"tls,omitempty"`
	ServerTLS *flow.TLS `json:"server_tls,omitempty"`
}

func unreadOf(f *flow.Flow) harUnread {
	return harUnread{
		f.Seq, f.Kind, f.Host, f.Port, f.App, f.Class, f.Alert, f.Requests, f.BytesUp, f.BytesDown, f.Error,
		f.Intercepted, f.Control, f.End < 0, f.Request != nil,
		f.TLS, f.ServerTLS,
	}
}
