// Package record writes and reads what was captured of one phone: the folder phones/<id> of an evidence bundle.
//
//	flows.jsonl          one line a record, appended, in the order of events
//	bodies/<sha256>      raw bodies, content-addressed
//	certs/<sha256>.der   certificate chains of real servers, named by the leaf, DER one after another, leaf first
//
// The first line of flows.jsonl is {"rec":"open","schema":1,"epoch_utc":...}. The others are "start" (a flow began),
// "update" (more is known of a flow that goes on), "end" (it is over), "app" (which app a connection belongs to, known
// later), "close" (the recording ended in order) and "resume" (it goes on after a close or a cut). A start, update or end line holds the whole flow as known then, so
// the last line of a seq says all. A flow that ended before its start reached the file has an end line alone.
//
// What is recorded is never rewritten. A process that is killed loses at most Limits.Flush of lines: the file still
// opens, its flows that had no end have End -1, and an unfinished last line is ignored and reported.
//
// It refuses an unknown schema or record, lines that break the order of start, update and end, and any file name that
// is not its own. It judges nothing and decodes no body.
package record

import "time"

// Names inside phones/<id>.
const (
	flowsName  = "flows.jsonl"
	bodiesName = "bodies"
	certsName  = "certs"
)

// The records of flows.jsonl.
const (
	recOpen   = "open"
	recStart  = "start"
	recUpdate = "update"
	recEnd    = "end"
	recApp    = "app"
	recResume = "resume"
	recClose  = "close"
)

// Limits bounds a recording. The zero value of a field stands for its default.
type Limits struct {
	BodyCap  int64         // bytes stored of a body that the phone sent; 64 MiB. The rest is hashed and counted
	ReplyCap int64         // bytes stored of a body that a server sent; 256 KiB. The rest is counted: it is context, not evidence
	Memory   int           // bytes of a body held in memory before it goes to a file; 64 KiB
	Flush    time.Duration // lines reach the file at most this long after they were made; 100 ms
}

func (l Limits) withDefaults() Limits {
	if l.BodyCap <= 0 {
		l.BodyCap = 64 << 20
	}
	if l.ReplyCap <= 0 {
		l.ReplyCap = 256 << 10
	}
	if l.Memory <= 0 {
		l.Memory = 64 << 10
	}
	if l.Flush <= 0 {
		l.Flush = 100 * time.Millisecond
	}
	return l
}

// Bounds of the reader. A flow's line holds at most two heads of 256 KiB with every byte escaped to six, and trailers.
const (
	maxLine  = 16 << 20
	maxLines = 32 << 20
)
