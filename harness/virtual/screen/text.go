package screen

import (
	"image"
	"strings"
	"unicode/utf8"

	"golang.org/x/image/font/basicfont"
)

var face = basicfont.Face7x13

// lookalikes are characters that the font lacks, and what is drawn for them.
var lookalikes = map[rune]rune{'•': '*', '‑': '-', '–': '-', '—': '-', '’': '\'', '‘': '\'', '“': '"', '”': '"', '…': '.'}

// text writes into a rectangle, wrapped at its width and cut at its lower edge.
func (c canvas) text(r image.Rectangle, s string, size int, ink Colour, centre bool) {
	scale := c.scale(size)
	w, h := face.Advance*scale, (face.Ascent+face.Descent+2)*scale
	pad := 2 * c.unit
	columns := (r.Dx() - 2*pad) / w
	if columns < 1 || h > r.Dy()+2*scale {
		return
	}
	lines := wrap(s, columns, max(1, r.Dy()/h))
	y := r.Min.Y + max(0, (r.Dy()-len(lines)*h)/2)
	for _, line := range lines {
		x := r.Min.X + pad
		if centre {
			x = r.Min.X + max(0, (r.Dx()-utf8.RuneCountInString(line)*w)/2)
		}
		for _, ch := range line {
			c.glyph(x, y, ch, scale, ink)
			x += w
		}
		y += h
	}
}

func (c canvas) scale(size int) int {
	switch size {
	case 1:
		return max(1, c.unit*2/3)
	case 3:
		return max(1, c.unit*3/2)
	}
	return c.unit
}

// wrap breaks a text into lines of at most so many columns, at spaces where possible.
func wrap(s string, columns, most int) []string {
	var out []string
	for para := range strings.SplitSeq(s, "\n") {
		for len(out) < most {
			if utf8.RuneCountInString(para) <= columns {
				out = append(out, para)
				break
			}
			runes := []rune(para)
			cut := columns
			for i := columns; i > columns/2; i-- {
				if runes[i] == ' ' {
					cut = i
					break
				}
			}
			out = append(out, string(runes[:cut]))
			para = strings.TrimPrefix(string(runes[cut:]), " ")
		}
	}
	return out[:min(len(out), most)]
}

// glyph paints one character of the fixed font, each of its pixels a square.
func (c canvas) glyph(x, y int, ch rune, scale int, ink Colour) {
	mask, ok := face.Mask.(*image.Alpha)
	if !ok {
		return
	}
	at := -1
	for _, rg := range face.Ranges {
		if ch >= rg.Low && ch < rg.High {
			at = int(ch-rg.Low) + rg.Offset
		}
	}
	if plain, ok := lookalikes[ch]; ok {
		at = int(plain-' ') + face.Ranges[0].Offset
	}
	if at < 0 { // a box: the font has no such letter
		c.frame(image.Rect(x, y+3*scale, x+face.Width*scale, y+face.Ascent*scale), ink)
		return
	}
	top := at * (face.Ascent + face.Descent)
	for row := range face.Ascent + face.Descent {
		for col := range face.Width {
			if mask.AlphaAt(mask.Rect.Min.X+col, mask.Rect.Min.Y+top+row).A != 0 {
				c.fill(image.Rect(x+col*scale, y+row*scale, x+(col+1)*scale, y+(row+1)*scale), ink)
			}
		}
	}
}
