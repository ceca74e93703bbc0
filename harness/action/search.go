package action

import "github.com/telltale-farm/telltale/harness"

// Search types a query into a browser's search box and waits for the results. The query is meant for the browser's
// search engine, which must have got it.
func Search(b Browser, query *harness.Canary, mode Mode) harness.Action {
	return browse{name: "search", what: "the results of the search", browser: b, canary: query, mode: mode}
}
