package leak

import (
	"cmp"
	"math/big"
	"math/rand/v2"
	"slices"
)

// Both tests ask the same: of all ways to hand out the labels "action" and "idle" inside each block, in what share is the
// action at least as far ahead as it was? Shares are parts per million, rounded up.

// contactBlock counts the windows of one block.
type contactBlock struct{ windows, actions, seen, seenInAction int }

// contactTest is about how often a destination was sent to. All orders are counted, however many.
type contactTest struct{ blocks map[int]*contactBlock }

func (t *contactTest) add(block int, action, seen bool) {
	if t.blocks == nil {
		t.blocks = map[int]*contactBlock{}
	}
	b := t.blocks[block]
	if b == nil {
		b = &contactBlock{}
		t.blocks[block] = b
	}
	b.windows++
	if action {
		b.actions++
	}
	if seen {
		b.seen++
	}
	if action && seen {
		b.seenInAction++
	}
}

// count gives the share of orders with as many contacts in action windows or more.
func (t *contactTest) count() int64 {
	ways := []*big.Int{big.NewInt(1)} // by number of contacts in action windows
	got := 0
	for _, b := range t.blocks {
		got += b.seenInAction
		next := make([]*big.Int, len(ways)+min(b.seen, b.actions))
		for i := range next {
			next[i] = new(big.Int)
		}
		for k := 0; k <= min(b.seen, b.actions); k++ {
			w := new(big.Int).Mul(binomial(b.seen, k), binomial(b.windows-b.seen, b.actions-k))
			for i, x := range ways {
				next[i+k].Add(next[i+k], new(big.Int).Mul(x, w))
			}
		}
		ways = next
	}
	above, all := new(big.Int), new(big.Int)
	for i, x := range ways {
		all.Add(all, x)
		if i >= got {
			above.Add(above, x)
		}
	}
	return ppm(above, all)
}

func binomial(n, k int) *big.Int {
	if k < 0 || k > n {
		return new(big.Int)
	}
	return new(big.Int).Binomial(int64(n), int64(k))
}

// ppm is a share in parts per million, rounded up.
func ppm(part, all *big.Int) int64 {
	if all.Sign() == 0 {
		return million
	}
	q, r := new(big.Int).QuoRem(new(big.Int).Mul(part, big.NewInt(million)), all, new(big.Int))
	if r.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q.Int64()
}

// bytesTest is about how much was sent: the sum of the ranks of the action windows inside their block. Ranks make one huge
// upload count no more than a large one. Orders are drawn from the seed, for there are too many to count.
type bytesTest struct{ windows []bytesWindow }

type bytesWindow struct {
	block  int
	action bool
	bytes  int64
	rank   int64 // doubled, so that ties have whole ranks
}

func (t *bytesTest) add(block int, action bool, bytes int64) {
	t.windows = append(t.windows, bytesWindow{block: block, action: action, bytes: bytes})
}

func (t *bytesTest) count(seed uint64, draws int) int64 {
	slices.SortStableFunc(t.windows, func(a, b bytesWindow) int {
		return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.bytes, b.bytes))
	})
	var got int64
	type span struct{ from, to, actions int }
	var blocks []span
	w := t.windows
	for i := 0; i < len(w); {
		end := i
		actions := 0
		for end < len(w) && w[end].block == w[i].block {
			if w[end].action {
				actions++
			}
			end++
		}
		for j := i; j < end; {
			k := j
			for k < end && w[k].bytes == w[j].bytes {
				k++
			}
			for x := j; x < k; x++ {
				w[x].rank = int64(j-i) + int64(k-i) + 1
				if w[x].action {
					got += w[x].rank
				}
			}
			j = k
		}
		blocks = append(blocks, span{i, end, actions})
		i = end
	}
	r := rand.NewPCG(seed, 0x7e11_7a1e)
	ranks := make([]int64, len(w))
	ahead := 0
	for draw := range draws {
		for i := range w {
			ranks[i] = w[i].rank
		}
		var sum int64
		for _, b := range blocks {
			s := ranks[b.from:b.to]
			for i := range b.actions { // the first ones of a shuffle are enough
				j := i + below(r, len(s)-i)
				s[i], s[j] = s[j], s[i]
				sum += s[i]
			}
		}
		if sum >= got {
			if ahead++; ahead == clearlyChance {
				return ppm(big.NewInt(int64(ahead)), big.NewInt(int64(draw+1)))
			}
		}
	}
	return ppm(big.NewInt(int64(ahead+1)), big.NewInt(int64(draws+1))) // one for the order that was
}

// clearlyChance is how many orders that are as far ahead end the drawing: what chance gives that often needs no more
// digits. The share stays a valid one (Besag and Clifford 1991).
const clearlyChance = 50

// attainable is the least that a destination could get that was sent to in these windows of a block: all of them with the
// action. It depends on how often the destination was seen, and not on when.
func attainable(windows, actions, seen int) (part, all *big.Int) {
	all = binomial(windows, actions)
	if seen >= actions {
		return big.NewInt(1), all
	}
	return binomial(windows-seen, actions-seen), all
}

// bestPPM is the least that any destination could get from these windows: one order of all.
func bestPPM(trials []Trial) int64 {
	type size struct{ windows, actions int }
	blocks := map[int]size{}
	for _, t := range trials {
		s := blocks[t.Block]
		s.windows++
		if t.Action {
			s.actions++
		}
		blocks[t.Block] = s
	}
	all := big.NewInt(1)
	for _, s := range blocks {
		all.Mul(all, binomial(s.windows, s.actions))
	}
	return ppm(big.NewInt(1), all)
}

// orderedPPM is the same for n action and n idle windows in one block.
func orderedPPM(n int) int64 { return ppm(big.NewInt(1), binomial(2*n, n)) }
