package virtual

import (
	"context"

	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/shell"
)

// device is the phone as its adb daemon sees it.
type device struct{ p *Phone }

// Banner says who the phone is.
func (d device) Banner() adbd.Banner {
	prop := d.p.state.Props.Get
	return adbd.Banner{Product: prop("ro.product.name"), Model: prop("ro.product.model"), Device: prop("ro.product.device")}
}

// Run runs a command line.
func (d device) Run(ctx context.Context, c adbd.Command) int {
	if d.p.onCommand != nil {
		d.p.onCommand(ctx, c.Line)
	}
	return d.p.shell.Run(ctx, shell.Command{Line: c.Line, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, Terminal: c.PTY})
}

// FS is the phone's files.
func (d device) FS() adbd.FileSystem { return files{d.p.state.Files} }

// Reboot loses what a reboot loses.
func (d device) Reboot(context.Context, string) {
	d.p.apps.GoDown()
	d.p.state.Reboot()
	d.p.network.Reboot()
	d.p.apps.Reboot()
}
