package decode

import "bytes"

// markup peels XML and HTML: texts, attribute values and CDATA, entities removed. It takes any markup that begins with a
// tag and does not ask for it to be well-formed. It never says that all was read, since what lies between tags may be
// encoded as a whole.
func (p *peeler) markup(at *step, t []byte) bool {
	if len(t) < 4 || !(t[1] == '?' || t[1] == '!' || t[1] == '/' || classes[t[1]]&mAlnum != 0) || bytes.IndexByte(t, '>') < 0 || !p.enter() {
		return false
	}
	defer p.leave()
	p.show(Text, at, t, false)
	var tag string
	for len(t) > 0 && !p.stop {
		i := bytes.IndexByte(t, '<')
		text := t
		if i >= 0 {
			text, t = t[:i], t[i:]
		} else {
			t = nil
		}
		p.markupText(at, tag, text)
		if len(t) == 0 {
			break
		}
		switch {
		case bytes.HasPrefix(t, []byte("<![CDATA[")):
			body, rest, _ := bytes.Cut(t[9:], []byte("]]>"))
			p.leaf(p.mk(step{up: at, op: "xml", detail: tag}), trimSpace(body))
			t = rest
		case bytes.HasPrefix(t, []byte("<!--")):
			body, rest, _ := bytes.Cut(t[4:], []byte("-->"))
			p.leaf(p.mk(step{up: at, op: "xml", detail: "comment"}), trimSpace(body))
			t = rest
		default:
			var name string
			if name, t = p.markupTag(at, t); name != "" {
				tag = name
			}
		}
	}
	return true
}

// markupText peels the text of an element.
func (p *peeler) markupText(at *step, tag string, text []byte) {
	text = trimSpace(text)
	if len(text) < minValue {
		return
	}
	mark := p.arena.mark
	if out, ok := p.entities(text); ok {
		text = out
	}
	p.leaf(p.mk(step{up: at, op: "xml", detail: tag}), text)
	p.arena.mark = mark
}

// markupTag peels the attributes of a tag; it gives the name of an opening one and what follows the tag.
func (p *peeler) markupTag(at *step, t []byte) (string, []byte) {
	i := 1
	for i < len(t) && classes[t[i]]&(mSpace) == 0 && t[i] != '>' {
		i++
	}
	name := string(bytes.Trim(t[1:i], "/?!"))
	if len(t) > 1 && t[1] == '/' {
		name = ""
	}
	for i < len(t) && t[i] != '>' && !p.stop {
		for i < len(t) && (classes[t[i]]&mSpace != 0 || t[i] == '/' || t[i] == '?') {
			i++
		}
		start := i
		for i < len(t) && classes[t[i]]&mSpace == 0 && t[i] != '=' && t[i] != '>' {
			i++
		}
		attr := t[start:i]
		if i >= len(t) || t[i] != '=' {
			if i == start {
				i++
			}
			continue
		}
		i++
		var val []byte
		if i < len(t) && (t[i] == '"' || t[i] == '\'') {
			end := bytes.IndexByte(t[i+1:], t[i])
			if end < 0 {
				return name, nil
			}
			val = t[i+1 : i+1+end]
			i += end + 2
		} else {
			start := i
			for i < len(t) && classes[t[i]]&mSpace == 0 && t[i] != '>' {
				i++
			}
			val = t[start:i]
		}
		p.markupText(at, name+"@"+string(attr), val)
	}
	if i < len(t) && t[i] == '>' {
		i++
	}
	return name, t[min(i, len(t)):]
}
