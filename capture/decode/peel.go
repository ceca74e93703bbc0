package decode

// Peel shows every value of what was sent to visit, in a fixed order, until visit returns false.
// The Value is only valid during the call.
func Peel(s Sent, limits Limits, visit func(*Value) bool) Report {
	limits = limits.orDefault()
	visit(&Value{Kind: Text, Data: s.Body, at: &step{op: "body", part: true}})
	rep := Report{Limits: []string{}, Opaque: []OpaquePart{}, Names: []Name{}}
	if s.BodyCut {
		rep.Limits = append(rep.Limits, LimitBodyCut)
	}
	return rep
}
