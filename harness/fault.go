package harness

import (
	"context"
	"errors"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// Gap is a hole in the capture: the proxy, the reverse tunnel, the adb server or the phone was not there for the whole
// window.
type Gap struct {
	Class  string // leak.FaultHarness, or leak.FaultPhone if its link dropped
	Detail string
}

func (g *Gap) Error() string { return "capture gap: " + g.Detail }

// faultOf says what an error of an attempt is, in the words of the evidence. It is nil for an action that was driven to
// its end and found not to have happened: that is an outcome.
func faultOf(err error) *leak.Fault {
	var missing *NotPerformed
	var forbidden *NotAllowed
	var gap *Gap
	var blind *NoControl
	var unfit *Unfit
	var displaced *Displaced
	switch {
	case err == nil || errors.As(err, &missing):
		return nil
	case errors.As(err, &blind):
		return &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeControlMissing, Detail: err.Error()}
	case errors.As(err, &forbidden):
		return &leak.Fault{Class: leak.FaultHarness, Code: leak.CodeNotAllowed, Detail: err.Error()}
	case errors.As(err, &displaced):
		return &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeNotPerformed, Detail: err.Error()}
	case errors.As(err, &unfit):
		return &leak.Fault{Class: unfit.Class, Code: unfit.Code, Detail: err.Error()}
	case errors.As(err, &gap):
		return &leak.Fault{Class: gap.Class, Code: leak.CodeCaptureGap, Detail: err.Error()}
	case errors.Is(err, ui.ErrBusy):
		return &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeNotPerformed, Detail: err.Error()}
	}
	class := string(adb.ClassOf(err))
	code := codeOf(class, adb.CodeOf(err))
	var exit *adb.ExitError
	if errors.As(err, &exit) {
		code = leak.CodeNotPerformed // the phone answered, and said no
	}
	return &leak.Fault{Class: class, Code: code, Detail: err.Error()}
}

// codeOf maps what went wrong with adb to the reason that the verdict will carry.
func codeOf(class string, code adb.Code) leak.Code {
	switch code {
	case adb.Denied, adb.Untypable, adb.NotKept, adb.NoScreen, adb.Malformed, adb.NoFile, adb.TooLarge,
		adb.Refused, adb.NoActivity, adb.Locked, adb.NoTree, adb.ScreenBusy:
		return leak.CodeNotPerformed
	case adb.ServerGone, adb.ReverseTaken:
		return leak.CodeCaptureGap
	}
	if class == leak.FaultHarness {
		return leak.CodeHarness
	}
	return leak.CodeDeviceLost
}

// passing says whether a restart may help: the phone or the tunnel was away. A phone that refuses, or lacks a button,
// will do so again, and an interrupted run must not drive on.
func passing(ctx context.Context, f *leak.Fault) bool {
	if ctx.Err() != nil || f == nil {
		return false
	}
	switch f.Code {
	case leak.CodeDeviceLost, leak.CodeCaptureGap:
		return true
	case leak.CodeNotPerformed:
		return f.Class != leak.FaultHarness
	}
	return false
}

// LostFault says, for the cells of a phone that could not be leased, why there is nothing to judge.
func LostFault(err error) *leak.Fault {
	f := faultOf(err)
	if f == nil || f.Code == leak.CodeHarness && adb.CodeOf(err) != adb.Canceled { // an interrupt is ours, not the phone's
		f = &leak.Fault{Class: string(adb.ClassOf(err)), Code: leak.CodeDeviceLost, Detail: err.Error()}
	}
	return f
}
