package apps

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// report hands an event to every leak that wants it. pkg is the browser it happened in, empty for one of the phone.
func (s *System) report(on personality.Trigger, pkg string, private bool, name string, values ...telemetry.Value) {
	for number, leak := range s.kind.Leaks {
		of := leak.Of
		if of == "" {
			of = leak.App
		}
		if !slices.Contains(leak.On, on) || pkg != "" && of != pkg || private && (!leak.Private || leak.Enhanced && s.stored(of).plain) {
			continue
		}
		p := s.procs[leak.App]
		if p == nil {
			continue // an app that does not run notices nothing
		}
		for _, o := range p.senders {
			if o.number != number {
				continue
			}
			for _, e := range s.events(number, leak, telemetry.Event{Time: s.now(), Name: name, Values: slices.Clone(values)}) {
				o.track(e)
			}
		}
	}
}

// switched reports that another app came to the front.
func (s *System) switched(from string, to *activity) {
	s.act(to.pkg, "front", to.class, false)
	s.report(personality.OnSwitch, "", false, "app_switch",
		telemetry.Value{Key: "pkg", Kind: manifest.Activity, Text: to.pkg},
		telemetry.Value{Key: "activity", Kind: manifest.Activity, Text: to.class},
		telemetry.Value{Key: "from", Kind: manifest.Activity, Text: from})
}

// background tells an app's kits that it left the screen.
func (s *System) background(pkg string) {
	if p := s.procs[pkg]; p != nil {
		for _, o := range p.senders {
			o.background()
		}
	}
}

// beat makes an app report that it is alive, again and again.
func (s *System) beat(p *process, o *sender) {
	o.work.Go(func() {
		tick := time.NewTicker(o.leak.Every)
		defer tick.Stop()
		for {
			select {
			case <-o.ctx.Done():
				return
			case <-tick.C:
				o.track(telemetry.Event{Time: s.now(), Name: "heartbeat", Values: []telemetry.Value{{Key: "state", Text: "alive"}}})
			}
		}
	})
}

// noise makes a harmless request once, or again and again, for as long as the app runs.
func (s *System) noise(p *process, n personality.Noise) {
	client := p.client
	if n.Direct {
		client = s.net.Client(network.AppOptions{UID: p.app.UID, Package: n.App, Stack: p.app.Stack, Trust: p.app.Trust,
			SystemRoots: s.systemRoots, UserRoots: s.phone.Certs.Pool, IgnoreProxy: true})
	}
	s.after(p, func(ctx context.Context) {
		fetch(ctx, client, n.URL, p.app)
		if n.Every <= 0 {
			return
		}
		tick := time.NewTicker(n.Every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				fetch(ctx, client, n.URL, p.app)
			}
		}
	}, nil)
}

// fetch asks for a URL and throws the answer away.
func fetch(ctx context.Context, client *http.Client, url string, a personality.App) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	if a.Web != nil {
		req.Header.Set("User-Agent", a.Web.UserAgent)
	}
	res, err := client.Do(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	_ = res.Body.Close()
}
