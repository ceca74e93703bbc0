package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// ErrBusy is in the chain of an error when uiautomator waited in vain for the screen to come to rest: a video, an
// animation, a feed that loads.
const ErrBusy = adb.ScreenBusy

// dumpFile is where uiautomator writes; the default on /sdcard is not there before the first unlock.
const dumpFile = "/data/local/tmp/telltale-window.xml"

// dumpTimeout bounds one try: uiautomator waits 10 s for rest, and then needs 2 to 3 s.
const dumpTimeout = 20 * time.Second

// Dump reads the screen of a phone, as [Screen.Dump] does.
func Dump(ctx context.Context, dev *adb.Device) (*Tree, error) { return NewScreen(dev).Dump(ctx) }

// Dump reads the screen. uiautomator tells its failures on standard error with exit status 0 and leaves an old file, so
// that is removed first and the text is asked for in the same breath. There are three tries, the second of them
// compressed, which finds rest where a plain one does not; the last failure is returned. Where time ended before a try did,
// and the phone answers, that is the failure before it: each try in vain takes a real phone 11 s.
func (s *Screen) Dump(ctx context.Context) (*Tree, error) {
	t, _, err := s.look(ctx)
	return t, err
}

// look is a dump. silent is why the phone was found not to answer any more, if that was asked.
func (s *Screen) look(ctx context.Context) (t *Tree, silent, err error) {
	var last error
	for _, option := range []string{"", " --compressed", ""} {
		t, err := dumpOnce(ctx, s.dev, option)
		if err == nil {
			return t, nil, nil
		}
		if last != nil && adb.CodeOf(err) == adb.Timeout {
			if silent = s.answers(ctx); silent == nil {
				return nil, nil, last
			}
		}
		if last = err; !passing(err) || ctx.Err() != nil {
			break
		}
	}
	return nil, silent, last
}

func dumpOnce(ctx context.Context, dev *adb.Device, option string) (*Tree, error) {
	ctx, cancel := context.WithTimeout(ctx, dumpTimeout)
	defer cancel()
	res, err := dev.Script(ctx, "rm -f "+dumpFile+"; uiautomator dump"+option+" "+dumpFile+"; cat "+dumpFile+"; rm -f "+dumpFile)
	var exit *adb.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	t, err := readDump(res.Stdout, res.Stderr)
	var f *adb.Fault
	if errors.As(err, &f) {
		f.Phone = dev.Serial()
	}
	return t, err
}

// readDump finds the XML between what uiautomator prints, or its failure.
func readDump(stdout, stderr []byte) (*Tree, error) {
	fault := func(code adb.Code, err error) error {
		return &adb.Fault{Class: adb.ClassPhone, Code: code, Op: "reading the screen", Err: err}
	}
	from := bytes.Index(stdout, []byte("<?xml"))
	if from < 0 {
		from = bytes.Index(stdout, []byte("<hierarchy"))
	}
	if from < 0 {
		said := string(stderr) + "\n" + string(stdout[:min(len(stdout), 4<<10)])
		text := errors.New(oneLine(said))
		switch {
		case strings.Contains(said, "could not get idle state"):
			return nil, fault(adb.ScreenBusy, text)
		case strings.Contains(said, "null root node"):
			return nil, fault(adb.NoTree, text)
		case strings.Contains(said, "Killed"), strings.Contains(said, "already registered"):
			return nil, fault(adb.ScreenBusy, fmt.Errorf("another program automates this phone: %w", text))
		}
		return nil, fault(adb.Malformed, fmt.Errorf("no dump: %w", text))
	}
	text := stdout[from:]
	if to := bytes.LastIndex(text, []byte("</hierarchy>")); to >= 0 {
		text = text[:to+len("</hierarchy>")]
	}
	t, err := Parse(text)
	if err != nil {
		return nil, fault(adb.Malformed, err)
	}
	return t, nil
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" {
		return "it printed nothing"
	}
	return s[:min(len(s), 300)]
}

// passing says whether another look may succeed.
func passing(err error) bool {
	switch adb.CodeOf(err) {
	case adb.ScreenBusy, adb.NoTree, adb.Malformed:
		return true
	}
	return false
}
