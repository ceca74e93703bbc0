package harness

import (
	"bytes"
	"context"
	"os"
	"path"
	"path/filepath"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// certFile is where the certificate is put for the phone's own installer to find.
const certFile = "/sdcard/Download/telltale-ca.crt"

// installSteps lead from the security settings to an installed CA, as on Android 11 and newer by hand. Each step names
// its alternatives by release.
var installSteps = []struct {
	what  string
	texts []string
}{
	{"the certificate installer", []string{"Install a certificate", "Install certificates", "Install from storage"}},
	{"the kind of certificate", []string{"CA certificate"}},
	{"the warning", []string{"Install anyway"}},
	{"our file", []string{path.Base(certFile)}},
	{"the confirmation", []string{"OK"}},
}

// trust makes the phone believe the farm's CA, as devices.yaml says. In the user's store of a virtual phone it is
// installed the way its owner would: the file is pushed, and installed through the phone's settings. On a real phone that
// is its owner's choice, made once, with doctor's instructions, and nothing is done here. The system's store needs root,
// and is put back with everything else. An app with certificates of its own has a switch besides. Either way the controls find out whether it worked.
func (l *Lease) trust(ctx context.Context) error {
	var err error
	switch {
	case l.profile.Trust == "system" || l.profile.Trust == "apex":
		err = l.trustAsRoot(ctx)
	case l.profile.Kind == profile.Virtual && l.profile.Trust == "user":
		err = InstallCA(ctx, l.driver, l.State)
	}
	if err != nil {
		return err
	}
	return l.ownStores(ctx)
}

func (l *Lease) trustAsRoot(ctx context.Context) error {
	ca, err := capture.LoadOrCreateCA(caDir(l.State))
	if err != nil {
		return err
	}
	if err := installSystemCA(ctx, l.device, ca, l.profile.Trust, l.rememberScript); err != nil {
		return err
	}
	for _, b := range l.profile.Browsers {
		if err := setChromeFlags(ctx, l.device, b.App, ca, l.rememberScript); err != nil {
			return err
		}
	}
	return nil
}

// InstallCA puts the farm's CA into a phone's user store through the phone's own settings screens.
func InstallCA(ctx context.Context, d *Driver, state string) error {
	pem, err := os.ReadFile(filepath.Join(caDir(state), "ca.pem"))
	if err != nil {
		return err
	}
	if err := d.Device.Push(ctx, bytes.NewReader(pem), certFile, 0o644); err != nil {
		return err
	}
	if _, err := d.Device.StartActivity(ctx, "-a", "android.settings.SECURITY_SETTINGS"); err != nil {
		return err
	}
	for _, step := range installSteps {
		if err := d.Tap(ctx, step.what, []catalogue.Selector{{Texts: step.texts}}); err != nil {
			return err
		}
	}
	if err := d.Await(ctx, "the certificate to be installed", func(t *ui.Tree) bool {
		return len(t.FindAll(ui.Selector{Texts: []string{"CA certificate installed"}})) > 0
	}); err != nil {
		return err
	}
	return d.Screen.Home(ctx)
}
