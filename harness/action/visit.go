package action

import "github.com/telltale-farm/telltale/harness"

// Visit types the address of a page into a browser and waits for it. The address is meant for the page's own host.
func Visit(b Browser, page *harness.Canary, mode Mode) harness.Action {
	return browse{name: "visit", what: "the page", browser: b, canary: page, mode: mode}
}
