package harness

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// adbVersion finds adb commands that would end the server that the run's phones hang on: one whose version differs from
// a running server's replaces it, and every phone is gone for a moment.
func adbVersion() probe {
	return probe{
		id: "adb-version", name: "no other adb on this computer will end the server", says: []string{"adb version", "host:version"},
		try: func(ctx context.Context, x *examination) found {
			server, err := x.lease.device.Server().Version(ctx)
			if err != nil {
				return failed(err)
			}
			clients, err := adb.Clients(ctx, os.Getenv("PATH"))
			if err != nil {
				return failed(err)
			}
			for _, c := range clients {
				if c.Version != server {
					return no(fmt.Sprintf("the server speaks version %d, and %s speaks %d: using that command ends the server", server, c.Path, c.Version),
						"keep one adb: remove "+c.Path+" or take its folder off the PATH, then `adb kill-server` and `adb start-server`")
				}
			}
			return yes(fmt.Sprintf("%d of version %d, as the server", len(clients), server))
		},
	}
}

// authorised waits for the phone to be a device of its adb server.
func authorised(o Options) probe {
	says := []string{"adb -s " + shellWord(o.Serial) + " get-state", "host:track-devices"}
	if o.Address != "" {
		says = append([]string{"adb connect " + shellWord(o.Address)}, says...)
	}
	return probe{
		id: "authorised", name: "this computer may debug the phone", says: says,
		try: func(ctx context.Context, x *examination) found {
			wait := min(x.patience(), plugTimeout)
			if o.Address != "" {
				wait = x.patience()
			}
			waiting, cancel := context.WithTimeout(ctx, wait)
			defer cancel()
			if state, err := x.lease.device.State(waiting); err != nil || state != adb.StateDevice {
				x.lease.say(fmt.Sprintf("waiting up to %s: the adb server at %s %s", wait, x.lease.device.Server().Addr, stateOf(state, err, o.Serial)))
			}
			if err := x.lease.attach(waiting); err != nil {
				if adb.CodeOf(err) == adb.Timeout { // who waited knows only that it did
					if _, now := x.lease.device.State(ctx); adb.CodeOf(now) == adb.NotFound {
						err = now
					}
				}
				return no(err.Error(), fixOf(err, "connect the phone, and switch on Developer options > USB debugging; `telltale devices` lists what is attached"))
			}
			return yes("")
		},
	}
}

// plugTimeout is how long an examination waits for a phone on a cable. One that is there is listed at once; one whose
// cable is being plugged in, within seconds.
const plugTimeout = 10 * time.Second

// stateOf says what an adb server knows of a phone that is not ready.
func stateOf(state adb.State, err error, serial string) string {
	switch {
	case adb.CodeOf(err) == adb.ServerGone:
		return "does not answer"
	case err != nil:
		return "does not list " + serial
	}
	return fmt.Sprintf("lists %s as %s", serial, state)
}

// identity holds the phone against devices.yaml.
func identity() probe {
	return probe{
		id: "identity", name: "it is the phone that devices.yaml means", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			var err error
			if x.props, err = x.lease.device.Props(ctx); err != nil {
				return failed(err)
			}
			if err := identify(x.lease.profile, x.props); err != nil {
				return no(err.Error(), "connect the right phone, or correct its block: `telltale devices --yaml SERIAL` prints one")
			}
			return yes(x.props["ro.product.model"] + ", " + x.props["ro.build.fingerprint"])
		},
	}
}
