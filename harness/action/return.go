package action

import (
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

// Change is what is done to a browser, or to its phone, before it visits a page again.
type Change struct {
	Name  string // id of the variant: "private", "reboot"
	Words string // "after the phone was rebooted"
	Mode  Mode   // of the tab
	event string // empty for none
}

// Changes are those that an identifier may outlive, in an order in which each is done to what the one before left.
func Changes() []Change {
	return []Change{
		{Name: "start", Words: "at first"},
		{Name: "private", Words: "in a private tab", Mode: Private},
		{Name: leak.EventRestart, Words: "after it was stopped", event: leak.EventRestart},
		{Name: leak.EventDataReset, Words: "after its data were cleared", event: leak.EventDataReset},
		{Name: leak.EventReinstall, Words: "after it was installed again", event: leak.EventReinstall},
		{Name: leak.EventReboot, Words: "after the phone was rebooted", event: leak.EventReboot},
	}
}

type returning struct {
	browse
	event string
}

// Return visits a page again after a change. Nobody is meant to learn that it is the same phone; the page's own site gets
// the page.
func Return(b Browser, page *harness.Canary, c Change) harness.Action {
	return returning{browse: browse{name: "return", what: "the page", browser: b, canary: page, mode: c.Mode}, event: c.event}
}

func (r returning) About() harness.About {
	about := r.browse.About()
	about.Claims = append(about.Claims, leak.ClaimIdentity)
	if r.event != "" {
		about.Before = []string{r.event}
	}
	return about
}
