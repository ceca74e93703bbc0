package apps

import (
	"mime"
	"net/http"
	"path"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// attached returns the name under which an answer is to be kept as a file; empty if it is a page. The name is the
// address's last part: names that a server gives are not followed here.
func attached(res *http.Response) string {
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Disposition"))
	if err != nil || kind != "attachment" {
		return ""
	}
	return path.Base(res.Request.URL.Path)
}

// keep writes a downloaded file to the phone's storage.
func (w *browser) keep(s *System, t *tab, got page) {
	t.url, t.title, t.loading = "", "", false
	if err := s.phone.Files.Write(path.Join(storage, "Download", got.file), got.body, 0o660, false); err != nil {
		t.problem = "disk"
		return
	}
	s.act(w.app.Package, "download", got.file, t.private)
	s.notes = append([]string{"Download complete: " + got.file}, s.notes...)
	s.report(personality.OnDownload, w.app.Package, t.private, "download",
		telemetry.Value{Key: "url", Kind: manifest.URL, Text: got.url},
		telemetry.Value{Key: "file", Kind: manifest.Text, Text: got.file})
}
