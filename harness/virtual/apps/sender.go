package apps

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// defaultFlush is how long the apps of virtual phones hold an event: their own, shorter clock, so that a run need not
// wait for the 15 seconds of a real kit.
const defaultFlush = 300 * time.Millisecond

// retryAfter is the pause before a batch is tried again by an app that gives up (Leak.Tries).
const retryAfter = 100 * time.Millisecond

// sender is one leak of a running app.
type sender struct {
	number int // of the leak in the personality
	leak   personality.Leak
	client *telemetry.Client
	queue  *telemetry.Queue
	ctx    context.Context
	end    context.CancelFunc

	mu      sync.Mutex
	pending *time.Timer       // of an app that gives up
	sending bool              // it makes its tries of a batch
	held    []telemetry.Event // that came meanwhile: the next batch
	work    sync.WaitGroup
}

// newSender starts what a leak is sent with. A leak that names no known encoding is a mistake in a personality, which
// [personality.Personality.Check] reports before a phone is made.
func (s *System) newSender(p *process, number int, leak personality.Leak) *sender {
	encoding, _ := telemetry.Named(leak.Encoding)
	options := telemetry.ClientOptions{
		UID: p.app.UID, URL: leak.URL, Encoding: encoding, Queue: s.queue(leak.App, number), Recorder: s.record, Clock: s.phone.Now,
		Device: s.device(p.app, leak.Lasts), Interval: cmp.Or(leak.Flush, defaultFlush), Count: leak.Count,
		Network: s.net.App(network.AppOptions{
			UID: p.app.UID, Package: leak.App, Trust: leak.Trust, Pins: leak.Pins, SystemRoots: s.systemRoots,
			UserRoots: s.phone.Certs.Pool, IgnoreProxy: leak.Direct, PinsAfterHandshake: leak.Late, HTTP2: leak.HTTP2,
		}),
	}
	if leak.Tries > 0 || leak.When != personality.ByClock {
		options.Interval, options.Count = -1, -1
	}
	if leak.Split {
		options.Encoding.Batch = 1
	}
	out := &sender{number: number, leak: leak, queue: options.Queue}
	out.ctx, out.end = context.WithCancel(p.ctx)
	client, err := telemetry.NewClient(options)
	if err != nil {
		s.phone.Log.Printf('E', p.row.PID, leak.App, "analytics: %v", err)
		return out
	}
	out.client = client
	if out.queue.Len() > 0 && leak.When == personality.ByClock { // events of before a force-stop
		out.later(cmp.Or(max(leak.Flush, 0), defaultFlush))
	}
	if leak.Every > 0 && slices.Contains(leak.On, personality.OnBeat) {
		s.beat(p, out)
	}
	return out
}

func (s *System) device(a personality.App, lasts personality.Lifetime) telemetry.Device {
	prop := s.phone.Props.Get
	d := telemetry.Device{
		Manufacturer: prop("ro.product.manufacturer"), Brand: prop("ro.product.brand"), Model: prop("ro.product.model"),
		Release: prop("ro.build.version.release"), Incremental: prop("ro.build.version.incremental"),
		Region: s.kind.Region, Language: s.kind.Language, Package: a.Package, AppVersion: a.Version,
		Width: s.phone.Screen.Width, Height: s.phone.Screen.Height,
		AndroidID: s.phone.Identity.Hex("android_id "+a.Package, 16), UUID: s.installID(a.Package, lasts),
	}
	if s.kind.Account {
		d.Account = s.phone.Identity.Account
	}
	return d
}

// track queues an event and starts the clock of an app that gives up.
func (o *sender) track(e telemetry.Event) {
	if o.client == nil {
		return
	}
	if o.leak.Filler > 0 {
		e.Values = append(e.Values, telemetry.Value{Key: "trace", Text: strings.Repeat("then a frame was drawn; ", o.leak.Filler/24+1)[:o.leak.Filler]})
	}
	o.mu.Lock()
	if o.sending {
		o.held = append(o.held, e)
		o.mu.Unlock()
		return
	}
	o.client.Track(e)
	o.mu.Unlock()
	if o.leak.Tries > 0 && o.leak.Flush >= 0 && o.leak.When == personality.ByClock {
		o.later(cmp.Or(o.leak.Flush, defaultFlush))
	}
}

// later flushes once after a time, however often it is asked before.
func (o *sender) later(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pending != nil || o.ctx.Err() != nil {
		return
	}
	o.work.Add(1)
	o.pending = time.AfterFunc(d, func() {
		defer o.work.Done()
		o.mu.Lock()
		o.pending = nil
		o.mu.Unlock()
		o.flush()
	})
}

// flush sends what is queued. An app with a number of tries drops the events after as many failures.
func (o *sender) flush() {
	if o.leak.Tries > 0 {
		o.mu.Lock()
		if o.sending {
			o.mu.Unlock()
			return // what is queued is being tried
		}
		o.sending = true
		o.mu.Unlock()
		defer o.goOn()
	}
	for try := 1; ; try++ {
		if o.client.Flush(o.ctx) == nil || o.ctx.Err() != nil {
			return
		}
		if o.leak.Tries == 0 {
			if o.leak.When != personality.ByClock {
				o.later(defaultFlush) // its occasion has come: it tries until it has sent
			}
			return
		}
		if try >= o.leak.Tries {
			o.queue.Clear()
			return
		}
		select {
		case <-time.After(retryAfter):
		case <-o.ctx.Done():
			return
		}
	}
}

// goOn queues what came while a batch was tried.
func (o *sender) goOn() {
	o.mu.Lock()
	held := o.held
	o.sending, o.held = false, nil
	for _, e := range held {
		o.client.Track(e)
	}
	o.mu.Unlock()
	if len(held) > 0 {
		o.later(cmp.Or(max(o.leak.Flush, 0), defaultFlush))
	}
}

// background says that the app has left the screen.
func (o *sender) background() {
	if o.client == nil || o.leak.When != personality.ByClock || !o.leak.Background && o.leak.Flush >= 0 {
		return
	}
	if o.leak.Tries > 0 {
		o.later(time.Millisecond)
		return
	}
	o.client.Background()
}

// close ends the sender and waits for what it was sending to be cut.
func (o *sender) close() {
	o.end()
	o.mu.Lock()
	if o.pending != nil && o.pending.Stop() {
		o.work.Done()
	}
	o.mu.Unlock()
	o.work.Wait()
	if o.client != nil {
		o.client.Close()
	}
}
