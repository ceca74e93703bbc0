package decode

import "unicode/utf8"

// mask says which classes of byte occur in a value, so that only decoders that could apply are tried.
type mask uint32

const (
	mDigit  mask = 1 << iota
	mHexLow      // a-f
	mHexUp       // A-F
	mLow         // g-z
	mUp          // G-Z
	mPlus
	mSlash
	mMinus
	mUnder
	mEq
	mPct
	mAmp
	mSemi
	mBack
	mLess
	mOpen  // { [
	mQuote // "
	mColon
	mDot
	mTilde
	mQuest
	mSpace // space, tab, line ends
	mSep   // 0x1e, which separates engine.io packets and JSON sequences
	mCtrl  // other control characters
	mHigh  // 0x80 and up
	mOther // the rest of printable ASCII
)

const (
	mHex   = mDigit | mHexLow | mHexUp
	mAlnum = mHex | mLow | mUp
	mB64   = mAlnum | mPlus | mSlash | mMinus | mUnder | mEq
	mAll   = mOther<<1 - 1
)

var classes = func() (t [256]mask) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = mDigit
		case c >= 'a' && c <= 'f':
			t[c] = mHexLow
		case c >= 'A' && c <= 'F':
			t[c] = mHexUp
		case c >= 'g' && c <= 'z':
			t[c] = mLow
		case c >= 'G' && c <= 'Z':
			t[c] = mUp
		case c >= 0x80:
			t[c] = mHigh
		case c < ' ' || c == 0x7f:
			t[c] = mCtrl
		default:
			t[c] = mOther
		}
	}
	for c, m := range map[byte]mask{'+': mPlus, '/': mSlash, '-': mMinus, '_': mUnder, '=': mEq, '%': mPct, '&': mAmp, ';': mSemi,
		'\\': mBack, '<': mLess, '{': mOpen, '[': mOpen, '"': mQuote, ':': mColon, '.': mDot, '~': mTilde, '?': mQuest,
		' ': mSpace, '\t': mSpace, '\n': mSpace, '\r': mSpace, 0x1e: mSep} {
		t[c] = m
	}
	return t
}()

func maskOf(b []byte) (m mask) {
	for len(b) >= 2*runBlock {
		if block := b[:runBlock]; uniform(block) {
			m |= classes[block[0]]
		} else {
			m |= maskOfEach(block)
		}
		if m == mAll {
			return m
		}
		b = b[runBlock:]
	}
	return m | maskOfEach(b)
}

func maskOfEach(b []byte) mask {
	var m, m1, m2, m3 mask
	for len(b) >= 8 {
		m |= classes[b[0]] | classes[b[4]]
		m1 |= classes[b[1]] | classes[b[5]]
		m2 |= classes[b[2]] | classes[b[6]]
		m3 |= classes[b[3]] | classes[b[7]]
		b = b[8:]
	}
	for _, c := range b {
		m |= classes[c]
	}
	return m | m1 | m2 | m3
}

// isText says whether a value is to be treated as text: UTF-8 without control characters, give or take a few in a long one.
func isText(b []byte, m mask) bool {
	if m&(mCtrl|mHigh) == 0 {
		return true
	}
	if m&mHigh != 0 && !utf8.Valid(b) {
		return false
	}
	if m&mCtrl == 0 {
		return true
	}
	few := len(b) / 32
	for _, c := range b {
		if classes[c] == mCtrl {
			if few--; few < 0 {
				return false
			}
		}
	}
	return true
}

// isBinary says whether a value is none that is to be treated as text.
func isBinary(b []byte) bool { return !isText(b, maskOf(b)) }

// looksText says whether a trial decoding gave something that a human or a parser could read.
func looksText(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	m := maskOf(b)
	return isText(b, m) && m&mAlnum != 0
}

func trimSpace(b []byte) []byte {
	if len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf {
		b = b[3:]
	}
	for len(b) > 0 && (classes[b[0]]&(mSpace|mSep) != 0) {
		b = b[1:]
	}
	for len(b) > 0 && (classes[b[len(b)-1]]&(mSpace|mSep) != 0 || b[len(b)-1] == 0) {
		b = b[:len(b)-1]
	}
	return b
}
