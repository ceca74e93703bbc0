package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample(t testing.TB, name string) *Tree {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), "<hierarchy") {
		b = []byte("<hierarchy rotation=\"0\">" + string(b) + "</hierarchy>")
	}
	tree, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestSamples(t *testing.T) {
	home := sample(t, "miui_home.xml")
	n := home.Find(Selector{Texts: []string{"Settings", "设置"}})
	if n == nil || n.ID != "com.miui.home:id/icon_title" || n.Bounds != (Rect{860, 750, 980, 860}) || !n.Clickable {
		t.Fatalf("%+v", n)
	}
	if x, y := n.Bounds.Center(); x != 920 || y != 805 {
		t.Errorf("middle %d,%d", x, y)
	}
	clipped := sample(t, "settings_android14plus_clipped.xml").Find(Selector{ID: "android:id/summary"})
	if clipped == nil || !clipped.Bounds.Empty() || touchable(clipped) {
		t.Errorf("a rectangle that is upside down: %+v", clipped)
	}
	box := sample(t, "mibrowser_searchbox_node.xml").Find(Selector{Descs: []string{"搜索框"}, Package: "com.android.browser"})
	if box == nil || !touchable(box) {
		t.Errorf("%+v", box)
	}
}

const page = `<?xml version='1.0' encoding='UTF-8'?><hierarchy rotation="1">
<node text="" class="android.widget.FrameLayout" package="a.b" bounds="[0,0][100,200]">
 <node text="Agree &amp; go" class="android.widget.Button" package="a.b" enabled="true" bounds="[0,0][10,10]" />
 <node text=" AGREE &amp; GO&#10;" class="android.widget.Button" package="a.b" enabled="true" bounds="[0,10][10,20]" />
 <node text="agree &amp; go" content-desc="Second" class="android.widget.TextView" package="systemui" enabled="false" bounds="[0,20][10,30]" />
 <node text="x" bounds="oops"/>
</node></hierarchy>`

func TestSelectors(t *testing.T) {
	tree, err := Parse([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	if tree.Rotation != 1 || len(tree.Nodes()) != 5 {
		t.Errorf("rotation %d, %d nodes", tree.Rotation, len(tree.Nodes()))
	}
	tests := []struct {
		name string
		s    Selector
		want []int // indexes in document order
	}{
		{"text, whatever its case", Selector{Texts: []string{"AGREE & go"}}, []int{1, 3}},
		{"text and class", Selector{Texts: []string{"agree & go"}, Class: "android.widget.TextView"}, []int{3}},
		{"blanks only if nothing is exact", Selector{Texts: []string{"agree & go"}, Class: "android.widget.Button"}, []int{1}},
		{"blanks around the wanted", Selector{Texts: []string{" agree & go "}}, []int{1, 2, 3}},
		{"part of a text does not match", Selector{Texts: []string{"agree"}}, nil},
		{"text and description must both match", Selector{Texts: []string{"x"}, Descs: []string{"Second"}}, nil},
		{"package", Selector{Package: "systemui"}, []int{3}},
		{"a point matches nothing", Selector{Percent: [2]int{50, 50}}, nil},
		{"an empty text matches nothing", Selector{Texts: []string{""}}, nil},
		{"nothing matches nothing", Selector{}, nil},
	}
	all := tree.Nodes()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			for _, n := range tree.FindAll(tt.s) {
				for i := range all {
					if all[i] == n {
						got = append(got, i)
					}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadDumps(t *testing.T) {
	tests := map[string]string{
		"nothing":                      "",
		"cut":                          page[:len(page)/2],
		"the end only in an attribute": `<hierarchy><node text="</hierarchy>"/>`,
		"too deep":                     "<hierarchy>" + strings.Repeat("<node>", maxDepth+1) + strings.Repeat("</node>", maxDepth+1) + "</hierarchy>",
		"too many":                     "<hierarchy>" + strings.Repeat("<node/>", maxNodes+1) + "</hierarchy>",
		"too large":                    "<hierarchy>" + strings.Repeat(" ", maxXML) + "</hierarchy>",
		"entities that grow":           `<!DOCTYPE h [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><hierarchy><node text="&b;"/></hierarchy>`,
		"other elements":               `<html><hierarchy></hierarchy></html>`,
		"no UTF-8":                     "<hierarchy><node text=\"\xff\"/></hierarchy>",
		"two hierarchies":              "<hierarchy></hierarchy><hierarchy></hierarchy>",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if tree, err := Parse([]byte(text)); err == nil {
				t.Errorf("%d nodes", len(tree.Nodes()))
			}
		})
	}
}

func TestReadDump(t *testing.T) {
	ok := "UI hierchary dumped to: /data/x.xml\n" + page + "\n"
	if tree, err := readDump([]byte(ok), nil); err != nil || len(tree.Roots) != 1 {
		t.Error(err)
	}
	if tree, err := readDump([]byte(page+"UI hierchary dumped to: /dev/tty\n"), nil); err != nil || len(tree.Roots) != 1 {
		t.Error(err)
	}
	for stderr, want := range map[string]string{
		"ERROR: could not get idle state.\n":                          "screen-busy",
		"ERROR: null root node returned by UiTestAutomationBridge.\n": "no-tree",
		"Killed\n": "screen-busy",
		"sh: uiautomator: inaccessible or not found\n": "malformed",
		"": "malformed",
	} {
		_, err := readDump([]byte(""), []byte(stderr))
		if code(err) != want {
			t.Errorf("%q: %v", stderr, err)
		}
	}
}

func TestNotFoundError(t *testing.T) {
	home := sample(t, "miui_home.xml")
	wanted := []Selector{{Texts: []string{"设置X"}}, {ID: "com.miui.home:id/icon_titel"}}
	err := notFound(describe(wanted), wordsOf(wanted), home)
	text := err.Error()
	if len(err.Candidates) != 2 || !strings.Contains(err.Candidates[0], "设置") || !strings.Contains(text, "设置X") || len(err.Dump) == 0 {
		t.Error(text)
	}
	nasty, perr := Parse([]byte(`<hierarchy><node text="a&#x202e;b" class="x.&#x202e;"/></hierarchy>`))
	if perr != nil {
		t.Fatal(perr)
	}
	if text := notFound("x", nil, nasty).Error(); strings.ContainsRune(text, '\u202e') {
		t.Errorf("%q", text)
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"kitten", "sitting", 3}, {"设置", "设定", 1}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%q to %q: %d", tt.a, tt.b, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(page))
	for _, name := range []string{"miui_home.xml", "settings_android14plus_clipped.xml"} {
		f.Add(sample(f, name).XML)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		tree, err := readDump(in, nil)
		if err != nil {
			return
		}
		for _, n := range tree.Nodes() {
			_ = n.String()
		}
		tree.FindAll(Selector{Texts: []string{"a"}, Descs: []string{"b"}})
		_ = notFound("x", []string{"agree"}, tree).Error()
	})
}
