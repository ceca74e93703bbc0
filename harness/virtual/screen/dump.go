package screen

import (
	"fmt"
	"image"
	"strconv"
	"strings"
)

// Dump is the XML that `uiautomator dump` writes for the focused window (AOSP AccessibilityNodeInfoDumper, Android 8 to
// 13). compressed leaves layouts out that say nothing. ok is false when there is no root node.
func (f *Frame) Dump(compressed bool) (xml []byte, ok bool) {
	w := f.Focus()
	if f.Off || w == nil || w.Root == nil {
		return nil, false
	}
	var b strings.Builder
	b.WriteString(`<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation="0">`)
	display := image.Rect(0, 0, f.Width, f.Height)
	if compressed {
		for i, v := range kept(w.Root) {
			v.node(&b, i, compressed, display)
		}
	} else {
		w.Root.node(&b, 0, compressed, display)
	}
	b.WriteString(`</hierarchy>`)
	return []byte(b.String()), true
}

// kept is what stands for a view in a compressed dump: itself, or what is below it.
func kept(v *View) []*View {
	if v.Text != "" || v.Desc != "" || v.Hint != "" || v.Clickable || v.Scrollable || v.Focusable || v.Checkable {
		return []*View{v}
	}
	var out []*View
	for _, c := range v.Children {
		out = append(out, kept(c)...)
	}
	return out
}

func (v *View) node(b *strings.Builder, index int, compressed bool, display image.Rectangle) {
	b.WriteString("<node")
	attr := func(name, value string) { fmt.Fprintf(b, ` %s="%s"`, name, escape(value)) }
	if v.Clickable && !v.Disabled && !v.named() && !v.hasNamedChild() {
		attr("NAF", "true")
	}
	attr("index", strconv.Itoa(index))
	attr("text", v.Shown())
	attr("resource-id", v.ID)
	attr("class", v.Class)
	attr("package", v.Package)
	attr("content-desc", v.Desc)
	attr("checkable", strconv.FormatBool(v.Checkable))
	attr("checked", strconv.FormatBool(v.Checked))
	attr("clickable", strconv.FormatBool(v.Clickable))
	attr("enabled", strconv.FormatBool(!v.Disabled))
	attr("focusable", strconv.FormatBool(v.Focusable))
	attr("focused", strconv.FormatBool(v.Focused))
	attr("scrollable", strconv.FormatBool(v.Scrollable))
	attr("long-clickable", strconv.FormatBool(v.LongClickable))
	attr("password", strconv.FormatBool(v.Password))
	attr("selected", strconv.FormatBool(v.Selected))
	r := v.Bounds.Intersect(display)
	attr("bounds", fmt.Sprintf("[%d,%d][%d,%d]", r.Min.X, r.Min.Y, r.Max.X, r.Max.Y))
	children := v.Children
	if compressed {
		children = nil
		for _, c := range v.Children {
			children = append(children, kept(c)...)
		}
	}
	if len(children) == 0 {
		b.WriteString(" />")
		return
	}
	b.WriteString(">")
	for i, c := range children {
		c.node(b, i, compressed, display)
	}
	b.WriteString("</node>")
}

func (v *View) named() bool { return v.Shown() != "" || v.Desc != "" }

func (v *View) hasNamedChild() bool {
	for _, c := range v.Children {
		if c.named() || c.hasNamedChild() {
			return true
		}
	}
	return false
}

// escape is Android's serializer: entities for markup, character references for line ends and tabs, and the dumper's
// '.' for what XML cannot hold.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\n' || r == '\r' || r == '\t':
			fmt.Fprintf(&b, "&#%d;", r)
		case r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0xfffd || r >= 0xfdd0 && r <= 0xfddf || r&0xfffe == 0xfffe:
			b.WriteByte('.')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
