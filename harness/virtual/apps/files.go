package apps

import (
	"net/url"
	"path"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// files is a file manager: a first tab with nothing in it, a tab with the folders of the shared storage, and a viewer. It
// also opens the folder that an intent names, as Android's documents app does.
type files struct {
	app    personality.App
	folder string // empty for the first tab
}

const (
	storage   = "/sdcard"
	documents = "content://com.android.externalstorage.documents/document/primary%3A"
	directory = "vnd.android.document/directory"
)

func (m *files) full() string   { return phone.FullActivity(m.app.Package, m.app.Activity) }
func (m *files) viewer() string { return m.app.Package + ".FileViewActivity" }

func (m *files) has(class string) bool { return class == m.full() }

func (m *files) resolve(in Intent) string {
	if in.Action == ActionView && in.Type == directory {
		return m.full()
	}
	return ""
}

func (m *files) open(s *System, class string) *activity {
	m.folder = ""
	a := &activity{pkg: m.app.Package, class: class, title: m.app.Label}
	a.intent = func(in Intent) {
		name, err := url.PathUnescape(strings.TrimPrefix(in.Data, documents))
		if in.Action == ActionView && strings.HasPrefix(in.Data, documents) && err == nil {
			s.stored(m.app.Package).agreed = true
			m.enter(s, a, path.Join(storage, name))
		}
	}
	a.back = func() bool {
		if m.folder == "" {
			return false
		}
		if m.folder == storage {
			m.folder = ""
		} else {
			m.folder = path.Dir(m.folder)
		}
		a.scroll = 0
		return true
	}
	a.build = func(b *builder) { m.build(s, a, b) }
	return a
}

// enter opens a folder, which is an event.
func (m *files) enter(s *System, a *activity, folder string) {
	m.folder, a.scroll = folder, 0
	if folder != storage {
		s.act(m.app.Package, "folder", path.Base(folder), false)
		s.report(personality.OnFolder, "", false, "folder_open",
			telemetry.Value{Key: "folder", Kind: manifest.Text, Text: path.Base(folder)})
	}
}

func (m *files) build(s *System, a *activity, b *builder) {
	if data := s.stored(m.app.Package); !data.agreed {
		b.header("Terms of use", nil)
		b.text("android:id/message", "To see your files, agree to the terms of use and the privacy policy.", screen.Label, screen.Look{})
		b.button("android:id/button1", "Agree", func() { data.agreed = true })
		return
	}
	if m.folder == "" {
		b.header(m.app.Label, nil)
		b.row("Recent", "Nothing new", nil)
		b.row("Storage", "", func() { m.enter(s, a, storage) })
		return
	}
	b.header(path.Base(m.folder), func() { a.back() })
	b.list("file_list")
	entries, _ := s.phone.Files.ReadDir(m.folder)
	for _, e := range entries {
		name := path.Join(m.folder, e.Name())
		if e.IsDir() {
			b.row(e.Name(), "folder", func() { m.enter(s, a, name) })
		} else {
			b.row(e.Name(), "", func() { m.view(s, name) })
		}
	}
	b.end()
}

// view shows a file, which is an event.
func (m *files) view(s *System, file string) {
	a := &activity{pkg: m.app.Package, class: m.viewer(), title: path.Base(file)}
	a.build = func(b *builder) {
		b.header(path.Base(file), func() { s.finish(a) })
		text, err := s.phone.Files.Read(file)
		if err != nil {
			text = []byte("The file is gone.")
		}
		b.text("content", string(text[:min(len(text), 2000)]), screen.Label, screen.Look{})
	}
	s.act(m.app.Package, "file", path.Base(file), false)
	s.report(personality.OnFile, "", false, "file_open",
		telemetry.Value{Key: "file", Kind: manifest.Text, Text: path.Base(file)})
	s.push(a)
}
