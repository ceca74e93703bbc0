package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// devicesCmd lists what is attached to the user's adb server.
type devicesCmd struct {
	YAML string `name:"yaml" placeholder:"SERIAL" help:"Print the block of this phone to paste into devices.yaml."`
	JSON bool   `name:"json" help:"One JSON object a line."`
}

// Help is shown below the flags.
func (devicesCmd) Help() string {
	return `Lists every phone that the adb server of your own adb commands knows, in whatever state.

Example:
  telltale devices
  telltale devices --yaml 7c2d9a10

EXIT STATUS
  0  the list was printed, also an empty one
  1  usage error, no adb server, or the phone of --yaml is not ready`
}

// attached is one phone of the list, as --json prints it.
type attached struct {
	Serial  string `json:"serial"`
	State   string `json:"state"`
	Detail  string `json:"detail,omitempty"`
	USB     string `json:"usb,omitempty"`
	Product string `json:"product,omitempty"`
	Model   string `json:"model,omitempty"`
	Device  string `json:"device,omitempty"`
	Fix     string `json:"fix,omitempty"` // what to do before it can be used
}

// Run asks the adb server.
func (d *devicesCmd) Run(ctx context.Context, c *console) error {
	server, err := adb.EnsureUserServer(ctx)
	if err != nil {
		return err
	}
	if d.YAML != "" {
		return printBlock(ctx, c, server.Device(d.YAML, adb.Options{}))
	}
	list, err := server.Devices(ctx)
	if err != nil {
		return err
	}
	if d.JSON {
		out := json.NewEncoder(c.Out)
		for _, l := range list {
			if err := out.Encode(attached{l.Serial, string(l.State), l.Detail, l.USB, l.Product, l.Model, l.Device, fixFor(l.State)}); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		fmt.Fprintln(c.Err, "no phone is attached; connect one, and switch on USB debugging in its developer options")
		return nil
	}
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERIAL\tSTATE\tMODEL\tUSB\tNEEDS")
	for _, l := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", safe.Text(l.Serial), safe.Text(string(l.State)), orElse(safe.Text(l.Model), "-"), orElse(safe.Text(l.USB), "-"), orElse(fixFor(l.State), "-"))
	}
	return w.Flush()
}

// fixFor is what a phone in this state needs before it can be used; empty for nothing.
func fixFor(s adb.State) string {
	switch s {
	case adb.StateDevice:
		return ""
	case adb.StateUnauthorized, adb.StateAuthorizing:
		return "unlock it and allow debugging from this computer"
	case adb.StateOffline:
		return "take it off and connect it again"
	case adb.StateNoPermissions:
		return "allow this user to open USB devices (udev rules: package android-sdk-platform-tools-common), then connect it again"
	}
	return "boot it into Android"
}
