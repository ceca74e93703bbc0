package apps

import (
	"crypto/x509"
	"path"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

// The way of a certificate into the user's store, as on Android 11 and newer by hand: Security, Install a certificate,
// CA certificate, Install anyway, a file of /sdcard/Download, OK. There is no other way in.

const (
	downloads    = "/sdcard/Download"
	pickerClass  = "com.android.settings.security.CertificatePicker"
	warningClass = "com.android.settings.security.InstallCaCertificateWarning"
	confirmClass = "com.android.settings.security.CertificateConfirm"
)

func (st *settings) pageByID(id string) settingsPage {
	i := slices.IndexFunc(settingsPages, func(p settingsPage) bool { return p.id == id })
	return settingsPages[i]
}

func (st *settings) security(s *System, b *builder) {
	b.row("Screen lock", map[bool]string{true: "PIN", false: "Swipe"}[s.phone.Power.Secure()], nil)
	b.row("Install a certificate", "From storage", func() { s.push(st.page(s, st.pageByID("certificates"), subSettings)) })
	b.row("Trusted credentials", "Show installed CA certificates", func() { s.push(st.page(s, st.pageByID("trusted"), subSettings)) })
}

func (st *settings) certificates(s *System, b *builder) {
	b.row("CA certificate", "", func() { s.push(st.warning(s)) })
	b.row("VPN & app user certificate", "", nil)
	b.row("Wi‑Fi certificate", "", nil)
}

func (st *settings) trusted(s *System, b *builder) {
	b.text("", "USER", screen.Label, screen.Look{Ink: screen.Grey})
	for _, c := range s.phone.Certs.All() {
		b.row(name(c), "Tap to remove", func() { s.push(st.removal(s, c)) })
	}
}

func name(c *x509.Certificate) string {
	switch {
	case len(c.Subject.Organization) > 0:
		return c.Subject.Organization[0]
	case c.Subject.CommonName != "":
		return c.Subject.CommonName
	}
	return c.Subject.String()
}

func (st *settings) sub(class, title string) *activity {
	return &activity{pkg: st.app.Package, class: class, title: title}
}

func (st *settings) warning(s *System) *activity {
	a := st.sub(warningClass, "Your data won’t be private")
	a.build = func(b *builder) {
		b.header("Your data won't be private", func() { s.finish(a) })
		b.text("warning_text", "CA certificates are used by websites, apps, and VPNs for encryption. Only install CA certificates from organizations you trust.", screen.Label, screen.Look{})
		b.down(24)
		b.button("install_anyway", "Install anyway", func() {
			s.finish(a)
			s.push(st.picker(s))
		})
		b.button("dont_install", "Don't install", func() { s.finish(a) })
	}
	return a
}

func (st *settings) picker(s *System) *activity {
	a := st.sub(pickerClass, "Download")
	a.build = func(b *builder) {
		b.header("Open from Download", func() { s.finish(a) })
		b.list("dir_list")
		files, err := s.phone.Files.ReadDir(downloads)
		for _, f := range files {
			ext := strings.ToLower(path.Ext(f.Name()))
			if f.IsDir() || !slices.Contains([]string{".crt", ".cer", ".pem", ".der"}, ext) {
				continue
			}
			b.row(f.Name(), "", func() {
				s.finish(a)
				s.push(st.confirm(s, path.Join(downloads, f.Name())))
			})
		}
		if err != nil || len(files) == 0 {
			b.text("", "No items", screen.Label, screen.Look{Ink: screen.Grey})
		}
		b.end()
	}
	return a
}

func (st *settings) confirm(s *System, file string) *activity {
	a := st.sub(confirmClass, "Install certificate")
	message := ""
	a.build = func(b *builder) {
		b.header("Install certificate", func() { s.finish(a) })
		b.text("certificate_name", path.Base(file), screen.Label, screen.Look{Size: 3})
		if message != "" {
			b.text("android:id/message", message, screen.Label, screen.Look{Ink: screen.Red})
			return
		}
		b.text("android:id/message", "Install this CA certificate? Network traffic may be monitored.", screen.Label, screen.Look{})
		b.button("android:id/button1", "OK", func() {
			data, err := s.phone.Files.Read(file)
			if err == nil {
				_, err = s.phone.Certs.Install(data)
			}
			if err != nil {
				message = "Couldn't install because the certificate file couldn't be read"
				return
			}
			s.notes = append([]string{"Network may be monitored"}, s.notes...)
			message = "CA certificate installed"
		})
		b.button("android:id/button2", "CANCEL", func() { s.finish(a) })
	}
	return a
}

func (st *settings) removal(s *System, c *x509.Certificate) *activity {
	a := st.sub(confirmClass, "Remove certificate")
	a.build = func(b *builder) {
		b.header("Remove certificate", func() { s.finish(a) })
		b.text("certificate_name", name(c), screen.Label, screen.Look{Size: 3})
		b.button("android:id/button1", "REMOVE", func() {
			s.phone.Certs.Remove(c)
			s.finish(a)
		})
		b.button("android:id/button2", "CANCEL", func() { s.finish(a) })
	}
	return a
}

// stub is an app with one screen.
type stub struct{ app personality.App }

func (x *stub) has(class string) bool { return x.app.Activity != "" && class == x.full() }

func (x *stub) full() string {
	if strings.HasPrefix(x.app.Activity, ".") {
		return x.app.Package + x.app.Activity
	}
	return x.app.Activity
}

func (x *stub) resolve(Intent) string { return "" }

func (x *stub) open(s *System, class string) *activity {
	a := &activity{pkg: x.app.Package, class: class, title: x.app.Label}
	a.build = func(b *builder) {
		b.header(x.app.Label, nil)
		b.text("content", "Nothing here yet", screen.Label, screen.Look{Ink: screen.Grey})
	}
	return a
}
