package harness

import (
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/evidence"
)

// goOn takes up what an interrupted run left in the phone's folder: numbers of attempts and canaries go on, and cells
// keep the repeats that were carried to their end.
func (l *Lease) goOn() (err error) {
	if l.past, err = evidence.ReadSoFar(l.dir.FS()); err != nil {
		return err
	}
	l.attempts, l.secrets = l.past.Attempts, l.past.Canaries
	return nil
}

// turn is one repeat of a cell that is to be made. retryOf is the attempt that a fault ended, which it starts again; 0
// for none.
type turn struct {
	repeat  int
	retryOf int64
	place   *leak.Place // among windows that are compared; nil for none
}

// left lists the repeats that a session has to make: those that an interrupted run did not carry to their end, and all
// of them when the cell is driven again in this run.
func (s *Session) left() (out []turn) {
	cell := s.lease.past.Cells[s.key]
	trials := s.trials()
	order := leak.TrialOrder(leak.TrialSeed(s.lease.Seed, s.key), trials)
	for _, n := range s.lease.past.Left(s.key, leak.TrialPlaces(s.lease.repeat, trials)) {
		out = append(out, turn{repeat: n, retryOf: cell.Faulted[n], place: leak.PlaceOf(order, s.lease.repeat, n)})
	}
	s.length = cell.Longest
	delete(s.lease.past.Cells, s.key)
	return out
}
