package leak

import "math/big"

// What a comparison of windows must be able to show before it may say that nothing reacts: a reaction that comes in
// weakPercent of a hundred action windows, in powerPercent of a hundred such comparisons.
const (
	weakPercent  = 30
	powerPercent = 90
)

// shows says whether n windows of each kind would show a weak reaction to a destination that is sent to in noise of so
// many idle windows whatever is done, beside so many destinations that are tested. It counts contacts alone, by the
// binomial bound of the test (each contact falls into a window of either kind with the same chance), so that the answer
// holds for any blocks. All is counted in whole numbers.
func shows(n, tested, noise, idles int, alpha int64) bool {
	if n <= 0 || idles <= 0 {
		return false
	}
	noise = min(noise, idles)
	if noise == idles {
		return false // a contact in every window tells nothing
	}
	// Contacts come with the chance noise/idles in an idle window, and more/all in one with the action.
	all := int64(idles) * 100
	more := int64(noise)*100 + int64(idles-noise)*weakPercent
	tail := tails(n, more, all-more)
	sum, w := new(big.Int), new(big.Int)
	weight := power(int64(idles-noise), n) // of x contacts in idle windows
	for x, critical := range criticals(n, tested, alpha) {
		if critical > n {
			break
		}
		sum.Add(sum, w.Mul(weight, tail[critical]))
		weight.Mul(weight, big.NewInt(int64(n-x)*int64(noise)))
		weight.Quo(weight, big.NewInt(int64(x+1)*int64(idles-noise)))
	}
	want := new(big.Int).Mul(power(int64(idles), n), power(all, n))
	want.Mul(want, big.NewInt(powerPercent))
	return sum.Mul(sum, big.NewInt(100)).Cmp(want) >= 0
}

// tails gives, for each k, how much of (in+out)^n is in k or more of n draws; in is more than 0.
func tails(n int, in, out int64) []*big.Int {
	t := make([]*big.Int, n+2)
	t[n+1] = new(big.Int)
	weight := power(in, n)
	for k := n; k >= 0; k-- {
		t[k] = new(big.Int).Add(weight, t[k+1])
		weight.Mul(weight, big.NewInt(int64(k)*out))
		weight.Quo(weight, big.NewInt(int64(n-k+1)*in))
	}
	return t
}

// criticals gives, for each number x of contacts in idle windows, the least number in action windows that is called a
// reaction; more than n is never.
func criticals(n, tested int, alpha int64) []int {
	out := make([]int, n+1)
	tests := big.NewInt(2 * int64(max(1, tested)) * million)
	limit, chance, below := big.NewInt(alpha), new(big.Int), new(big.Int) // alpha times 2^k
	tail, choose := big.NewInt(1), big.NewInt(1)                          // of k contacts, c or more with the action; C(k, c)
	k, c := 0, 0
	for x := 0; x <= n; x++ {
		for c <= n {
			if chance.Mul(tail, tests).Cmp(limit) <= 0 {
				break
			}
			tail.Lsh(tail, 1)
			tail.Sub(tail, choose)
			limit.Lsh(limit, 1)
			k, c = k+1, c+1
			choose.Mul(choose, big.NewInt(int64(k))).Quo(choose, big.NewInt(int64(c)))
		}
		out[x] = c
		below.Mul(choose, big.NewInt(int64(c)))
		below.Quo(below, big.NewInt(int64(k-c+1)))
		tail.Lsh(tail, 1)
		tail.Add(tail, below)
		limit.Lsh(limit, 1)
		k++
		choose.Mul(choose, big.NewInt(int64(k))).Quo(choose, big.NewInt(int64(k-c)))
	}
	return out
}

func power(base int64, n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(n)), nil)
}

// mostNeeded is the most windows of each kind that anybody is advised to make.
const mostNeeded = 200

// needed is the least number of windows of each kind that would show a weak reaction, up to the next of a few round ones;
// 0 if not even mostNeeded would.
func needed(tested, noise, idles int, alpha int64) int {
	for _, n := range []int{20, 30, 40, 50, DefaultTrials, 80, 100, 150, mostNeeded} {
		if shows(n, tested, noise, idles, alpha) {
			return n
		}
	}
	return 0
}

// seldomer says whether a weak reaction in n windows would come in more of them than so many, nearly always.
func seldomer(n, windows int) bool {
	if n <= 0 || windows >= n {
		return false
	}
	want := new(big.Int).Mul(power(100, n), big.NewInt(powerPercent))
	more := tails(n, weakPercent, 100-weakPercent)[windows+1]
	return new(big.Int).Mul(more, big.NewInt(100)).Cmp(want) >= 0
}
