package decode

import "bytes"

// text peels a value that reads as text. It says whether the text is one that explains itself: prose, a document, or a
// token with a readable inside.
func (p *peeler) text(at *step, data []byte, m mask) bool {
	t := trimSpace(data)
	if len(t) == 0 {
		return true
	}
	switch t[0] {
	case '{', '[', '"':
		if p.jsonText(at, t) {
			return true
		}
	case '<':
		if p.markup(at, t) {
			return true
		}
	case '-':
		if p.multipart(at, data) {
			return true
		}
	}
	p.show(Text, at, data, false)
	if len(t) >= minXOR && turnable(t[0]-t[1]) && p.turned(at, t) {
		return true
	}
	if m&^(mAlnum|mSpace|mDot|mMinus|mUnder) == 0 && len(t) < shortWord {
		return true // a word or two, a number, an identifier of up to 11 letters: nothing to peel
	}
	split := p.separated(at, t, m)
	clear := p.unescape(at, t, m, split)
	if split {
		return true
	}
	embedded, first, last := false, 0, 0
	if m&mOpen != 0 && m&mQuote != 0 && t[0] != '{' && t[0] != '[' {
		embedded, first, last = p.embeddedJSON(at, t)
	}
	if m&mHigh != 0 && !clear && !embedded && manyScripts(t) {
		p.dark(at, t, "unknown: letters of many scripts")
		return false
	}
	if p.tokens(at, t, m) && (len(t) < minXOR || m&(mOther|mCtrl|mBack|mQuest|mSemi|mOpen|mQuote|mLess) == 0 || wordy(t) || p.xored(at, t, commonestOf(t)) || !p.isRoot() || m&mSpace != 0) {
		return true
	}
	if !embedded && !clear && p.unread == nil {
		p.dark(at, t, "unknown: text of no kind")
	}
	if embedded && !clear && (darkRun(t[:first]) || darkRun(t[last:])) {
		return false // what stands beside the documents
	}
	return embedded || clear
}

// darkRun says whether a long token stands in text that says nothing to a reader.
func darkRun(t []byte) bool {
	for len(t) > quietBody {
		n := 0
		for n < len(t) && classes[t[n]]&(mB64&^mEq) != 0 {
			n++
		}
		if n > quietBody*3/2 && denseToken(t[:n], maskOf(t[:n])) {
			return true
		}
		t = t[min(n+1, len(t)):]
	}
	return false
}

// shortWord is the shortest text in which an encoded canary could hide: 8 letters of base64 are 6 bytes.
const shortWord = 8

// separated splits text into name and value pairs, or the parts of a URL. It says whether the parts are all there is.
func (p *peeler) separated(at *step, t []byte, m mask) bool {
	if m&mColon != 0 && m&mSlash != 0 {
		p.shifted(at, t)
		if i := bytes.Index(t, []byte("://")); i > 0 && i <= 16 && bytes.IndexByte(t[:i], ' ') < 0 {
			p.url(at, t)
			return m&mSpace == 0
		}
	}
	if t[0] == '!' && len(t) > 4 && t[1] >= '1' && t[1] <= '9' {
		p.marked(at, t)
	}
	if t[0] == '/' || t[0] == '?' || m&mQuest != 0 && m&mEq != 0 {
		if i := bytes.IndexByte(t, '?'); i >= 0 && looksForm(t[i+1:]) {
			if i > shortWord {
				p.pathOf(p.mk(step{up: at, place: "path"}), t[:i])
			}
			p.query(t[i+1:], "query", at)
			return m&mSpace == 0
		}
	}
	if m&mEq != 0 && looksForm(t) {
		return p.formBody(at, t) && m&^mB64 != 0 // or it is base64 with padding inside
	}
	if m&mEq != 0 && m&(mSemi|mSpace) != 0 && m&mLess == 0 {
		p.pairs(at, t, m)
	}
	return false
}

// unescape removes the escapes of one layer, each kind apart. Of text that was split into its parts, each of which is
// unescaped on its own, the whole is only shown. It says whether something that makes sense came out.
func (p *peeler) unescape(at *step, t []byte, m mask, split bool) (clear bool) {
	try := func(op string, out []byte, ok bool) {
		if ok {
			clear = p.child(p.mk(step{up: at, op: op}), out) || clear
		}
	}
	if m&mPct != 0 {
		out, ok := p.percent(t)
		if ok && split {
			p.showWhole(p.mk(step{up: at, op: "percent"}), out)
			ok = false
		}
		try("percent", out, ok)
		out, ok = p.percentU(t)
		try("percent-u", out, ok)
	}
	if m&mPlus != 0 && m&mSpace == 0 {
		if out, ok := p.plus(t); ok {
			p.show(Text, p.mk(step{up: at, op: "plus"}), out, false) // what else is in it shows without that
		}
	}
	if m&mAmp != 0 && m&mSemi != 0 {
		out, ok := p.entities(t)
		try("html-entities", out, ok)
	}
	if m&mBack != 0 {
		out, ok := p.backslash(t)
		try("backslash", out, ok)
	}
	if m&mEq != 0 && !split {
		out, ok := p.quotedPrintable(t)
		guess := m&^(mB64|mSpace) == 0 // the padding of base64 at the end of a line reads as a soft line break
		if guess {
			p.muted++
		}
		try("quoted-printable", out, ok)
		if guess {
			p.muted--
		}
	}
	if m&mHigh != 0 {
		p.latin1(at, t)
		out, ok := p.fullWidth(t)
		try("full-width", out, ok)
		clear = p.lzWide(at, t) || clear
	}
	return clear
}

// tokens looks at text as one token in an alphabet that carries bytes, or at the runs of such alphabets in it.
// It says whether the text is readable: false is one long token that nothing opened.
func (p *peeler) tokens(at *step, t []byte, m mask) bool {
	switch {
	case m&^(mDigit|mSpace|mMinus|mSemi|mOther) == 0 && m&(mSpace|mSemi|mOther) != 0 && p.decimalBytes(at, t), p.hexMarked(at, t):
		return true
	case m&^(mHex|mSpace|mColon|mMinus) == 0 && m&mDigit != 0 && p.hexText(at, t, m):
		return true
	case m&^(mHex|mMinus|mSpace) == 0 && (len(t) >= minRun || m == mDigit): // a number, a UUID, a digest: not base64 as well
		return !denseToken(t, m)
	case m&^(mB64|mSpace) == 0:
		ok := p.base64Text(at, t, m) || p.base32Text(at, t, m) || m&mSpace == 0 && p.lzText(at, t)
		if m&mSpace != 0 {
			found, dark := p.runs(at, t)
			if ok = ok || found || p.base64Spaced(at, t); !ok && dark {
				return false
			}
		}
		if !ok && m&mSpace == 0 && len(t) >= minShifted {
			ok = p.reversed(at, t) || p.base58Text(at, t, m)
		}
		return ok || !denseToken(t, m) || p.otherBase64(at, t, m)
	}
	if m&mDot != 0 {
		if explained, ok := p.jwt(at, t); ok {
			return explained
		}
	}
	if m&(mAlnum|mQuote|mOpen|mBack|mLess) == mAlnum && p.otherBase64(at, t, m) {
		return true
	}
	if m&mAlnum != 0 {
		if found, dark := p.runs(at, t); found || dark {
			return !dark
		}
	}
	if m&mSpace == 0 && p.base85Text(at, t, m) {
		return true
	}
	return !denseToken(t, m)
}
