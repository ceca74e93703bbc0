package main

import (
	"context"
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
	Serial    string `json:"serial"` // empty if it has none
	State     string `json:"state"`
	Detail    string `json:"detail,omitempty"`
	Transport string `json:"transport_id,omitempty"` // until it is unplugged
	USB       string `json:"usb,omitempty"`
	Product   string `json:"product,omitempty"`
	Model     string `json:"model,omitempty"`
	Device    string `json:"device,omitempty"`
	Fix       string `json:"fix,omitempty"` // what to do before it can be used
}

// Run asks the adb server.
func (d *devicesCmd) Run(ctx context.Context, c *console) error {
	server, err := adb.EnsureUserServer(ctx)
	if err != nil {
		return err
	}
	list, err := server.Devices(ctx)
	if err != nil {
		return err
	}
	if d.YAML != "" {
		serial, err := serialOf(list, d.YAML)
		if err != nil {
			return err
		}
		return printBlock(ctx, c, server.Device(serial, adb.Options{}))
	}
	if d.JSON {
		for _, l := range list {
			if err := printJSON(c.Out, attached{l.Serial, string(l.State), l.Detail, l.Transport, l.USB, l.Product, l.Model, l.Device, fixFor(l)}); err != nil {
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
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", orElse(safe.Text(l.Serial), noSerial), safe.Text(string(l.State)), orElse(safe.Text(l.Model), "-"), orElse(safe.Text(l.USB), "-"), orElse(safe.Text(fixFor(l)), "-"))
	}
	return w.Flush()
}

// What adb prints in place of a serial number that a phone has not, or that may not be read.
const (
	noSerial   = "(no serial number)"
	unreadable = "????????????"
)

// serialOf is the serial number of the phone that a user names by it, or by its place on USB. A name that is not in the
// list stays as it is: the adb server says what is wrong with it.
func serialOf(list []adb.Listed, name string) (string, error) {
	for _, l := range list {
		if l.Serial == name && !unnamed(l) {
			return name, nil
		}
	}
	for _, l := range list {
		path := l.USB != "" && name == "usb:"+l.USB
		switch {
		case unnamed(l) && (path || name == noSerial || name == unreadable):
			return "", fmt.Errorf("devices.yaml cannot name %s: %s", name, bySerial(l))
		case path:
			return l.Serial, nil
		}
	}
	return name, nil
}

// unnamed says whether nothing tells a phone from others that are attached now or later.
func unnamed(l adb.Listed) bool { return l.Serial == "" || l.Serial == unreadable }

// bySerial is what to do about a phone without a serial number: on the network its address is one.
func bySerial(l adb.Listed) string {
	which := ""
	switch {
	case l.Transport != "":
		which = "-t " + l.Transport + " "
	case l.USB != "":
		which = "-s usb:" + l.USB + " "
	}
	return "it has no serial number: plug it in again; if it stays so, `adb " + which + "tcpip 5555`, `adb connect ITS-ADDRESS:5555`, and use that as its serial"
}

// fixFor is what a phone needs before it can be used; empty for nothing.
func fixFor(l adb.Listed) string {
	fix := fixForState(l.State)
	switch {
	case !unnamed(l):
		return fix
	case fix == "":
		return bySerial(l)
	}
	return fix + "; " + bySerial(l)
}

func fixForState(s adb.State) string {
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
