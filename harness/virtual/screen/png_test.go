package screen

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"
)

// What the encoder writes is read by another's decoder, which checks both of its sums.
func TestEncodedPicturesAreRead(t *testing.T) {
	many := make(color.Palette, 256)
	for i := range many {
		many[i] = color.RGBA{uint8(i), uint8(255 - i), uint8(i * 7), 255}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for name, at := range map[string]func(x, y int) uint8{
		"of one colour":                 func(int, int) uint8 { return 3 },
		"of noise":                      func(int, int) uint8 { return uint8(r.IntN(256)) },
		"of stripes":                    func(x, _ int) uint8 { return uint8(x / 2) },
		"of rows, some as the last one": func(x, y int) uint8 { return uint8(y / 5 * (x/260 + 1)) },
		"of the brightest":              func(int, int) uint8 { return 255 },
	} {
		for _, size := range [][2]int{{1, 1}, {1, 9}, {2, 9}, {3, 9}, {4, 4}, {257, 3}, {258, 3}, {259, 5}, {260, 5}, {261, 5}, {515, 4}, {1080, 60}, {33000, 2}, {32767, 3}, {32768, 3}} {
			t.Run(fmt.Sprintf("%s, %dx%d", name, size[0], size[1]), func(t *testing.T) {
				want := image.NewPaletted(image.Rect(0, 0, size[0], size[1]), many)
				for y := range size[1] {
					for x := range size[0] {
						want.SetColorIndex(x, y, at(x, y))
					}
				}
				got, err := png.Decode(bytes.NewReader(encode(want)))
				if err != nil {
					t.Fatal(err)
				}
				p, ok := got.(*image.Paletted)
				if !ok || p.Rect != want.Rect || !bytes.Equal(p.Pix, want.Pix) || fmt.Sprint(p.Palette) != fmt.Sprint(want.Palette) {
					t.Errorf("%T of %v is another picture", got, got.Bounds())
				}
			})
		}
	}
}
