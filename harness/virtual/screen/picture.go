package screen

import (
	"image"
	"image/color"
	"io"
)

var palette = color.Palette{
	None:      color.RGBA{250, 250, 250, 255},
	Black:     color.RGBA{20, 20, 20, 255},
	White:     color.RGBA{255, 255, 255, 255},
	Grey:      color.RGBA{140, 140, 140, 255},
	LightGrey: color.RGBA{232, 234, 237, 255},
	DarkGrey:  color.RGBA{70, 70, 70, 255},
	Blue:      color.RGBA{26, 115, 232, 255},
	Orange:    color.RGBA{255, 105, 0, 255},
	Red:       color.RGBA{200, 30, 30, 255},
	Green:     color.RGBA{30, 140, 60, 255},
	Purple:    color.RGBA{60, 40, 90, 255},
	Faint:     color.RGBA{214, 214, 218, 255},
}

// PNG is what `screencap -p` prints: the display at its full size, drawn from the same views as the dump.
func (f *Frame) PNG() []byte { return encode(f.Draw()) }

// Raw is what `screencap` without -p prints: width, height, format 1 (RGBA_8888), a colour space since Android 9, then
// the pixels.
func (f *Frame) Raw(w io.Writer) error {
	img := f.Draw()
	b := img.Bounds()
	head := []byte{}
	for _, n := range []int{b.Dx(), b.Dy(), 1, 1} {
		head = append(head, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	row := make([]byte, 0, b.Dx()*4)
	for y := range b.Dy() {
		row = row[:0]
		for _, i := range img.Pix[y*img.Stride : y*img.Stride+b.Dx()] {
			c := palette[i].(color.RGBA)
			row = append(row, c.R, c.G, c.B, c.A)
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// Draw paints the windows back to front.
func (f *Frame) Draw() *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, f.Width, f.Height), palette)
	c := canvas{img, max(1, f.Width/360)}
	if f.Off {
		c.fill(img.Rect, Black)
	} else {
		for _, w := range f.Windows {
			if w.Root == nil {
				continue
			}
			if w.Secure {
				c.fill(w.Root.Bounds, Black)
				continue
			}
			c.view(w.Root)
		}
	}
	c.watermark()
	return img
}

type canvas struct {
	img  *image.Paletted
	unit int // pixels per dp
}

func (c canvas) fill(r image.Rectangle, col Colour) {
	r = r.Intersect(c.img.Rect)
	if r.Empty() {
		return
	}
	first := c.img.Pix[c.img.PixOffset(r.Min.X, r.Min.Y):][:r.Dx()]
	for i := range first {
		first[i] = uint8(col)
	}
	for y := r.Min.Y + 1; y < r.Max.Y; y++ {
		copy(c.img.Pix[c.img.PixOffset(r.Min.X, y):][:r.Dx()], first)
	}
}

func (c canvas) frame(r image.Rectangle, col Colour) {
	t := max(1, c.unit)
	c.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+t), col)
	c.fill(image.Rect(r.Min.X, r.Max.Y-t, r.Max.X, r.Max.Y), col)
	c.fill(image.Rect(r.Min.X, r.Min.Y, r.Min.X+t, r.Max.Y), col)
	c.fill(image.Rect(r.Max.X-t, r.Min.Y, r.Max.X, r.Max.Y), col)
}

func (c canvas) view(v *View) {
	if v.Look.Fill != None {
		c.fill(v.Bounds, v.Look.Fill)
	}
	if v.Look.Border || v.Class == Edit {
		edge := Faint
		if v.Focused {
			edge = Blue
		}
		c.frame(v.Bounds, edge)
	}
	ink, text := v.Look.Ink, v.Shown()
	if ink == None {
		ink = Black
	}
	if v.Text == "" && text != "" || v.Disabled {
		ink = Grey
	}
	if text == "" && (v.Class == Icon || v.Class == Image) {
		text = v.Desc
	}
	switch {
	case v.Class == Switch:
		c.toggle(v)
	case text != "" && v.Class != Web: // its text is its title, which its first child shows
		c.text(v.Bounds, text, v.Look.Size, ink, v.Look.Centre)
	}
	for _, child := range v.Children {
		c.view(child)
	}
}

func (c canvas) toggle(v *View) {
	r := v.Bounds.Inset(2 * c.unit)
	col, knob := Grey, image.Rect(r.Min.X, r.Min.Y, r.Min.X+r.Dx()/2, r.Max.Y)
	if v.Checked {
		col, knob = Blue, image.Rect(r.Min.X+r.Dx()/2, r.Min.Y, r.Max.X, r.Max.Y)
	}
	c.fill(r, col)
	c.fill(knob.Inset(2*c.unit), White)
}

func (c canvas) watermark() {
	const mark = "VIRTUAL PHONE"
	w, h := 110*c.unit, 16*c.unit
	left := (c.img.Rect.Dx() - w) / 2
	r := image.Rect(left, 0, left+w, h)
	c.fill(r, Orange)
	c.text(r, mark, 1, Black, true)
}
