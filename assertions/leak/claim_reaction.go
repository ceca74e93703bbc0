package leak

import "slices"

// reaction finds the markers of a cell's attempts in what the phone sent in their windows.
func (p *phone) reaction(key Key) []Finding {
	var out []Finding
	for i := range p.attempts {
		a := &p.attempts[i]
		if a.Key != key || a.idle() {
			continue
		}
		for j := range p.seen {
			at := &p.seen[j]
			if p.ours(at.flow) || !a.Window.Sends(at.flow) {
				continue
			}
			for _, h := range at.hits {
				if h.marker == nil || !slices.Contains(a.Markers, *h.marker) {
					continue
				}
				if own := h.marker.Own; own != "" && own == at.app {
					continue // an app that says its own name does not report that it was opened
				}
				f := p.finding(at, h, p.host(at.flow))
				f.Canary = p.mask.text(h.marker.Text)
				f.Class = ClassMarker
				f.Attempt = a.ID
				f.Identity = at.identifiers()
				out = append(out, f)
			}
		}
	}
	return sortFindings(out)
}

// reactionUnread says why accepted opaque traffic keeps a reaction claim from being clean: what was not read may hold a
// marker, and only repeated windows with and without the action could tell.
const reactionUnread = "traffic that policy accepts unread was sent in the window, and the windows are too few to tell whether it reacts to the action"
