package record

import "github.com/telltale-farm/telltale/capture/flow"

// starts holds the flows that began since the last flush, as they were then. Most are over before it: their end line
// says all, and their start is never written.
type starts struct {
	first int64 // seq of the first
	flows []start
}

type start struct {
	flow    flow.Flow
	request flow.Message
	done    bool // written, or not needed any more
}

// startBytes is about what a start takes as a line.
const startBytes = 512

func (s *starts) bytes() int { return len(s.flows) * startBytes }

// add takes a copy: the flow goes on changing, while its headers and TLS do not.
func (s *starts) add(f *flow.Flow) {
	if len(s.flows) == 0 {
		s.first = f.Seq
	}
	s.flows = append(s.flows, start{flow: *f})
	if f.Request != nil {
		s.flows[len(s.flows)-1].request = *f.Request
	}
}

func (s *starts) find(seq int64) *start {
	if i := seq - s.first; i >= 0 && i < int64(len(s.flows)) {
		return &s.flows[i]
	}
	return nil
}

// drop forgets a start that is not needed any more.
func (s *starts) drop(seq int64) {
	if st := s.find(seq); st != nil {
		*st = start{done: true}
	}
}

// write appends a start, if it is waiting.
func (s *starts) write(b []byte, seq int64) []byte {
	if st := s.find(seq); st != nil {
		b = st.write(b)
	}
	return b
}

func (st *start) write(b []byte) []byte {
	if st.done {
		return b
	}
	if st.flow.Request != nil {
		st.flow.Request = &st.request
	}
	b = appendRecord(b, recStart, &st.flow)
	*st = start{done: true}
	return b
}

// writeAll appends all that are waiting.
func (s *starts) writeAll(b []byte) []byte {
	for i := range s.flows {
		b = s.flows[i].write(b)
	}
	if cap(s.flows) > 4096 {
		s.flows = nil
	}
	s.flows = s.flows[:0]
	return b
}
