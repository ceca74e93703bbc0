package adbd

// Stats are what a server holds at one moment; after Close all are 0.
type Stats struct {
	Links    int
	Online   int // links that are authorised
	Streams  int // open streams of all links
	Commands int // running, also those whose client has gone
	Reverses int
	Buffered int64 // bytes that no consumer has taken yet
}

// Stats counts.
func (s *Server) Stats() Stats {
	links := s.live()
	st := Stats{Links: len(links), Commands: int(s.commands.Load())}
	for _, l := range links {
		l.mu.Lock()
		st.Streams += len(l.streams)
		if l.online {
			st.Online++
		}
		l.mu.Unlock()
		l.rmu.RLock()
		st.Reverses += len(l.reverse)
		l.rmu.RUnlock()
		st.Buffered += l.buffered.Load()
	}
	return st
}
