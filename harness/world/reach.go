package world

import (
	"context"
	"path/filepath"

	"github.com/telltale-farm/telltale/adb"
)

// Reach gives one phone without a world around it, for putting it back: through the adb server that is named, else the
// user's for a phone on USB, started if it does not run, else a private one that lives until leave is called. The phone is
// not waited for.
func Reach(ctx context.Context, state, server, serial, address string) (_ *adb.Device, leave func() error, err error) {
	leave = func() error { return nil }
	s := adb.Server{Addr: server}
	switch {
	case server != "":
	case address == "":
		if s, err = adb.EnsureUserServer(ctx); err != nil {
			return nil, nil, err
		}
	default:
		private, err := adb.StartPrivate(ctx, adb.PrivateOptions{Home: filepath.Join(state, "adb")})
		if err != nil {
			return nil, nil, err
		}
		s, leave = private.Server, private.Close
	}
	return s.Device(serial, adb.Options{}), leave, nil
}
