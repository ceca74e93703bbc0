package record

import "github.com/telltale-farm/telltale/capture/flow"

// HAREntry is one entry of a HAR, as far as it says what was sent. Answers are passed over.
type HAREntry struct {
	Index    int // in log.entries; -1 with Unread
	Method   string
	URL      string
	Headers  []flow.Header
	Trailers []flow.Header
	Body     []byte // as sent, if the tool kept it so; some tools remove the content-encoding and leave the header
	BodyCut  bool   // the body is not here, or not all of it, or not byte for byte
	Messages []HARMessage
	Class    string     // why it could not be read, in HARs of our own; empty otherwise
	Comment  string     // of the entry
	Unread   *HARUnread // a flow of our own HARs that has no entry; all other fields are empty then
}

// HARMessage is one WebSocket message that the client sent.
type HARMessage struct {
	Index  int // among all messages of the entry
	Opcode int // 1 text, 2 binary
	Data   []byte
	Cut    bool
}

// HARLimits bound what ReadHAR holds. A zero field means the default.
type HARLimits struct {
	Text     int // longest string kept, in bytes: bodies are cut there
	Headers  int // headers kept of one request
	Messages int // messages kept of one entry
}

func (l HARLimits) withDefaults() HARLimits {
	if l.Text <= 0 {
		l.Text = 64 << 20
	}
	if l.Headers <= 0 {
		l.Headers = 4096
	}
	if l.Messages <= 0 {
		l.Messages = 1 << 20
	}
	return l
}
