package screen

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/png"
	"strings"
	"testing"
)

func sample() *Frame {
	button := &View{ID: "a:id/ok", Text: "OK", Class: Button, Package: "a", Bounds: image.Rect(10, 100, 110, 150), Clickable: true}
	label := &View{Text: "tom & \"jerry\"\n<x>", Class: Label, Package: "a", Bounds: image.Rect(0, 200, 300, 260)}
	row := &View{Class: Linear, Package: "a", Bounds: image.Rect(0, 200, 300, 260), Clickable: true, Children: []*View{label}}
	root := &View{Class: Layout, Package: "a", Bounds: image.Rect(0, 0, 360, 640), Children: []*View{button, row}}
	bar := &View{Class: Layout, Package: "com.android.systemui", Bounds: image.Rect(0, 0, 360, 24)}
	return &Frame{Width: 360, Height: 640, Windows: []*Window{
		{Title: "a/a.Main", Package: "a", Root: root},
		{Title: "StatusBar", Package: "com.android.systemui", Over: true, Root: bar},
	}}
}

type node struct {
	Text     string `xml:"text,attr"`
	ID       string `xml:"resource-id,attr"`
	NAF      string `xml:"NAF,attr"`
	Bounds   string `xml:"bounds,attr"`
	Children []node `xml:"node"`
}

func parse(t *testing.T, f *Frame, compressed bool) []node {
	t.Helper()
	raw, ok := f.Dump(compressed)
	if !ok {
		t.Fatal("no root node")
	}
	var h struct {
		Nodes []node `xml:"node"`
	}
	if err := xml.Unmarshal(raw, &h); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return h.Nodes
}

func TestDumpSaysWhatIsThere(t *testing.T) {
	f := sample()
	nodes := parse(t, f, false)
	if len(nodes) != 1 || len(nodes[0].Children) != 2 {
		t.Fatalf("tree %+v", nodes)
	}
	ok, row := nodes[0].Children[0], nodes[0].Children[1]
	if ok.ID != "a:id/ok" || ok.Bounds != "[10,100][110,150]" || ok.NAF != "" {
		t.Errorf("button %+v", ok)
	}
	if got := row.Children[0].Text; got != "tom & \"jerry\"\n<x>" {
		t.Errorf("text %q", got)
	}
	if nodes := parse(t, f, true); len(nodes) != 2 {
		t.Errorf("compressed: %d top nodes, want the layout left out", len(nodes))
	}
	f.Windows[0].Root.Children[0].Text = ""
	if got := parse(t, f, false)[0].Children[0].NAF; got != "true" {
		t.Error("a button without a name is not accessibility friendly")
	}
}

func TestTheFocusedWindowIsTheOneThatIsDumped(t *testing.T) {
	f := sample()
	if f.Focus().Title != "a/a.Main" {
		t.Errorf("focus %s: a window that is merely over others takes none", f.Focus().Title)
	}
	dialog := &View{Class: Layout, Package: "b", Bounds: image.Rect(40, 200, 320, 400)}
	f.Windows = append(f.Windows, &Window{Title: "b/b.Dialog", Package: "b", Root: dialog})
	if raw, _ := f.Dump(false); !strings.Contains(string(raw), `package="b"`) || strings.Contains(string(raw), `package="a"`) {
		t.Errorf("dump of a covered window: %s", raw)
	}
	if v := f.Tapped(20, 110); v != nil {
		t.Errorf("a tap beside a dialog reached %q behind it", v.ID)
	}
	f.Off = true
	if _, ok := f.Dump(false); ok {
		t.Error("a display that is off has no root node")
	}
}

func TestTaps(t *testing.T) {
	f := sample()
	for _, c := range []struct {
		name string
		x, y int
		want string
	}{
		{"on a button", 50, 120, "a:id/ok"}, {"beside it", 200, 120, ""}, {"on a text inside a clickable row", 20, 230, "row"},
		{"on the edge that is not part", 110, 120, ""}, {"outside", -5, 9999, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, got := f.Tapped(c.x, c.y), ""
			if v != nil {
				got = v.ID
				if v.Class == Linear {
					got = "row"
				}
			}
			if got != c.want {
				t.Errorf("tapped %q, want %q", got, c.want)
			}
		})
	}
	f.Windows[0].Root.Children[0].Disabled = true
	if f.Tapped(50, 120) != nil {
		t.Error("a disabled button takes no tap")
	}
}

func TestPictureIsDrawnFromTheSameTree(t *testing.T) {
	f := sample()
	with := f.PNG()
	img, err := png.Decode(bytes.NewReader(with))
	if err != nil || img.Bounds().Dx() != 360 || img.Bounds().Dy() != 640 {
		t.Fatalf("picture %v %v", img, err)
	}
	f.Windows[0].Root.Children[0].Text = "NO"
	if bytes.Equal(with, f.PNG()) {
		t.Error("another text must give another picture")
	}
	f.Windows[0].Secure = true
	secure := f.Draw()
	if got := secure.ColorIndexAt(50, 120); got != uint8(Black) {
		t.Errorf("a secure window is black, not colour %d", got)
	}
	if got := secure.ColorIndexAt(130, 0); got != uint8(Orange) {
		t.Error("even a secure picture carries the watermark")
	}
}

func TestPasswordsAndHints(t *testing.T) {
	for _, c := range []struct {
		name string
		v    View
		want string
	}{
		{"text", View{Text: "abc", Hint: "type"}, "abc"}, {"hint", View{Hint: "type"}, "type"},
		{"password", View{Text: "abc", Password: true}, "•••"},
	} {
		if got := c.v.Shown(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzDumpIsXML(f *testing.F) {
	f.Add("a\x00b\x1b[0m\u202e", "\ufffe<\"&'>", "\xff")
	f.Fuzz(func(t *testing.T, text, id, desc string) {
		fr := sample()
		v := fr.Windows[0].Root.Children[0]
		v.Text, v.ID, v.Desc = text, id, desc
		_ = parse(t, fr, false)
		if len(text) < 100 {
			_ = fr.Draw()
		}
	})
}

func BenchmarkPNG(b *testing.B) {
	f := sample()
	f.Width, f.Height = 1080, 2340
	for b.Loop() {
		_ = f.PNG()
	}
}
