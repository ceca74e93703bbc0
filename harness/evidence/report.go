package evidence

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"sync"

	"github.com/telltale-farm/telltale/assertions/leak"
)

//go:embed report.css
var reportStyle string

//go:embed report.html.tmpl
var reportPage string

// reportTemplate reads the page once: to find what each of its places must escape takes longer than to fill them.
var reportTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("report").Funcs(template.FuncMap{
		// The style is a constant of this program; nothing captured ever goes through here.
		"style": func() template.HTML { return template.HTML("<style>" + reportStyle + "</style>") },
	}).Parse(reportPage)
})

// report gives report.html: a page that runs nothing and loads nothing but the screens that lie beside it in the bundle. What was
// captured stands in it as text.
func (b *Bundle) report(v leak.Verdicts) ([]byte, error) {
	w, err := b.view(v)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", reportName, err)
	}
	return w.page()
}

// page is the report as a file.
func (w view) page() ([]byte, error) {
	sum := sha256.Sum256([]byte(reportStyle))
	w.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src 'self'; base-uri 'none'; form-action 'none'"
	page, err := reportTemplate()
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", reportName, err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, w); err != nil {
		return nil, fmt.Errorf("writing %s: %w", reportName, err)
	}
	return out.Bytes(), nil
}
