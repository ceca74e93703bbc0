package harness

import (
	"context"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// artefacts keeps what a person would want to see of an attempt: the screen and its tree before and after, and after it
// the log. They are context for readers; no verdict rests on them, so a phone that refuses one is no fault.
func (l *Lease) artefacts(ctx context.Context, at *leak.Attempt, a Action, when string) {
	if at.Trial != nil && (when == "before" || at.Postcondition.Seen) {
		return // hundreds of windows look alike, and pictures take longer than they last
	}
	keep := func(file string, data []byte, err error) {
		if err != nil {
			_ = l.dir.AppendJournal("artefact-missing", map[string]any{"file": file, "why": err.Error()})
			return
		}
		if err := l.dir.Artefact(at.ID, a.Name(), file, data); err != nil {
			l.say("keeping " + file + ": " + err.Error())
		}
	}
	picture, err := l.device.Screencap(ctx)
	keep("screen-"+when+".png", picture, err)
	if when == "before" {
		return
	}
	tree, err := l.driver.Screen.Dump(ctx)
	if err == nil {
		keep("ui.xml", tree.XML, nil)
	} else {
		keep("ui.xml", nil, err)
	}
	log, err := l.device.Exec(ctx, "logcat", "-d", "-v", "threadtime", "-b", "main,system,crash,events", "-T", l.windowAt)
	keep("logcat.txt", log, err)
}

// lastLookFor bounds what is kept of a void attempt: a phone that hangs would make each of its commands wait as long as
// commands may, and nobody would be on the way to bring it back.
const lastLookFor = 30 * time.Second

// lastLook keeps what a void attempt shows, and what the counters say if they can still be read.
func (l *Lease) lastLook(ctx context.Context, at *leak.Attempt, a Action, b *bypass) {
	ctx, cancel := context.WithTimeout(ctx, min(lastLookFor, 2*l.bounds.Command))
	defer cancel()
	l.artefacts(ctx, at, a, "after")
	_ = b.stop(ctx, &at.Counters)
}
