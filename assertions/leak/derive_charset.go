package leak

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// charsets adds the text in other character sets: UTF-16 for every text, the sets of its script when it has letters beyond ASCII.
func (d *derivation) charsets(v string) {
	if !utf8.ValidString(v) {
		return
	}
	units := utf16.Encode([]rune(v))
	le, be := make([]byte, 0, 2*len(units)), make([]byte, 0, 2*len(units))
	for _, u := range units {
		le = append(le, byte(u), byte(u>>8))
		be = append(be, byte(u>>8), byte(u))
	}
	d.charset(le, edgeWide, "utf-16le")
	d.charset(be, edgeWide, "utf-16be")
	if isASCII(v) {
		return
	}
	d.wide = true
	d.digest(string(le), "utf-16le")
	for _, c := range []struct {
		name string
		enc  encoding.Encoding
	}{
		{"gb18030", simplifiedchinese.GB18030}, {"big5", traditionalchinese.Big5}, {"shift-jis", japanese.ShiftJIS}, {"euc-jp", japanese.EUCJP},
		{"euc-kr", korean.EUCKR}, {"windows-1251", charmap.Windows1251}, {"koi8-r", charmap.KOI8R}, {"windows-1252", charmap.Windows1252},
		{"iso-8859-5", charmap.ISO8859_5}, {"windows-1256", charmap.Windows1256},
	} {
		if b, err := c.enc.NewEncoder().Bytes([]byte(v)); err == nil {
			d.charset(b, edgeText, c.name)
			if c.name == "gb18030" {
				d.digest(string(b), c.name)
			}
		}
	}
}

func (d *derivation) charset(b []byte, e edge, name string) {
	d.patterns = append(d.patterns, pattern{needle: d.needle, folded: foldASCII(b), exact: b, class: ClassExact, edge: e, names: []string{name}, strict: true})
}
