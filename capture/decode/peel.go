package decode

import "sync"

// Peel shows every value of what was sent to visit, in a fixed order, until visit returns false.
// The Value is only valid during the call.
func Peel(s Sent, limits Limits, visit func(*Value) bool) Report {
	p := peelers.Get().(*peeler)
	defer p.release()
	p.limits, p.visit = limits.orDefault(), visit
	p.rep = Report{Limits: []string{}, Opaque: []OpaquePart{}, Names: []Name{}}
	p.message(s)
	return p.report(s.BodyCut)
}

// peelers keep buffers from one message to the next. Nothing of a message outlives its Peel.
var peelers = sync.Pool{New: func() any { return &peeler{seen: map[sum]bool{}} }}

// peeler is the state of one Peel.
type peeler struct {
	limits Limits
	visit  func(*Value) bool
	rep    Report
	val    Value

	stop  bool
	depth int
	nodes int
	bytes int64
	hit   struct{ bytes, depth, nodes, ratio bool }

	muted    int    // above 0 while a reading is tried beside another one: nothing in it is reported as opaque
	part     uint64 // which part of the message, so that the same text in a header and in the body is seen in both
	quiet    int    // bytes an unexplained value of this part may have without being reported
	root     *step  // the whole body: of it every unexplained block of a cipher is reported
	seen     map[sum]bool
	arena    arena
	steps    steps
	tools    tools
	readers  []*jsonReader // that are done
	dry      walk          // the reading that is tried; none is tried inside another
	dryAgain walk
	lz       lzTables
	ints     []uint64
	decimal  []byte

	owner  *step       // the value in a document that is being peeled
	unread *OpaquePart // the innermost layer that nothing explained, until its owner reports or drops it
}

func (p *peeler) release() {
	clear(p.seen)
	p.tools.src.Reset(nil)
	p.arena.trim()
	p.steps.mark = mark{}
	*p = peeler{seen: p.seen, arena: p.arena, steps: p.steps, tools: p.tools, readers: p.readers, ints: p.ints, decimal: p.decimal, lz: p.lz}
	peelers.Put(p)
}

func (p *peeler) report(cut bool) Report {
	for _, l := range []struct {
		hit  bool
		name string
	}{{cut, LimitBodyCut}, {p.hit.bytes, LimitBytes}, {p.hit.depth, LimitDepth}, {p.hit.nodes, LimitNodes}, {p.hit.ratio, LimitRatio}} {
		if l.hit {
			p.rep.Limits = append(p.rep.Limits, l.name)
		}
	}
	return p.rep
}

// show hands a value to the visitor.
func (p *peeler) show(kind ValueKind, at *step, data []byte, loose bool) {
	if len(data) == 0 || !p.count() || p.limits.Off != "" && p.hidden(at) {
		return
	}
	v := &p.val // field by field: a value is shown for every few bytes, and whole ones are slow to write
	v.Kind, v.Data, v.Loose, v.Trial, v.Whole, v.at = kind, data, loose, kind == Bytes && !loose, false, at
	if !p.visit(v) {
		p.stop = true
	}
}

// showWhole hands over a value whose pieces are shown as well.
func (p *peeler) showWhole(at *step, data []byte) {
	if len(data) == 0 || !p.count() || p.limits.Off != "" && p.hidden(at) {
		return
	}
	p.val = Value{Kind: Text, Data: data, Whole: true, at: at}
	if !p.visit(&p.val) {
		p.stop = true
	}
}

// showInt hands a binary number to the visitor, with every reading it may have.
func (p *peeler) showInt(at *step, decimal []byte, readings ...uint64) {
	if !p.count() || p.limits.Off != "" && p.hidden(at) {
		return
	}
	p.ints = append(p.ints[:0], readings...)
	p.val = Value{Kind: Int, Data: decimal, Ints: p.ints, at: at}
	if !p.visit(&p.val) {
		p.stop = true
	}
}

func (p *peeler) count() bool {
	if p.stop {
		return false
	}
	p.nodes++
	if p.nodes > p.limits.Nodes {
		p.hit.nodes, p.stop = true, true
	}
	return !p.stop
}

// enter goes one layer down; the caller must leave() when it returns true.
func (p *peeler) enter() bool {
	if p.stop {
		return false
	}
	if p.depth >= p.limits.Depth {
		p.hit.depth = true
		return false
	}
	p.depth++
	return true
}

func (p *peeler) leave() { p.depth-- }

// alloc gives n bytes that live until the arena is reset by the caller, or nil when the budget is spent.
func (p *peeler) alloc(n int) []byte {
	if !p.spend(n) {
		return nil
	}
	return p.arena.take(n)
}

// mk keeps a step until the layer that made it is done.
func (p *peeler) mk(s step) *step {
	at := p.steps.take()
	*at = s
	return at
}

func (p *peeler) spend(n int) bool {
	if p.bytes+int64(n) > p.limits.Bytes {
		p.hit.bytes = true
		return false
	}
	p.bytes += int64(n)
	return true
}

// child peels what a layer gave. The same bytes in the same part of a message are peeled once, whichever way they came out.
// It says whether something explained them.
func (p *peeler) child(at *step, data []byte) bool {
	if len(data) == 0 {
		return true
	}
	var key sum
	if len(data) >= 8 {
		key = sumOf(data, p.part)
		if explained, ok := p.seen[key]; ok {
			return explained
		}
		p.seen[key] = true // until it is known; a value inside itself is no news
	}
	explained := p.value(at, data)
	if !explained && len(data) >= 8 {
		p.seen[key] = false
	}
	return explained
}

// leaf peels a value that stands on its own in a document, and reports it when nothing explains it.
func (p *peeler) leaf(at *step, data []byte) {
	owner := p.owner
	p.unread, p.owner = nil, at
	if !p.value(at, data) || p.unread != nil && saysEncrypted(at.name()) {
		p.opaque(at, data)
	}
	p.unread, p.owner = nil, owner
}

// value peels anything.
func (p *peeler) value(at *step, data []byte) bool {
	if len(data) < minValue {
		return true
	}
	if !p.enter() {
		p.show(Bytes, at, data, true)
		return true
	}
	defer p.leave()
	buffers, places := p.arena.mark, p.steps.mark
	m := maskOf(data)
	var ok bool
	if isText(data, m) {
		ok = p.text(at, data, m)
	} else {
		ok = p.binary(at, data, m)
	}
	p.arena.mark, p.steps.mark = buffers, places
	return ok
}

// minValue is the shortest value worth a look, in bytes: no needle is shorter.
const minValue = 4
