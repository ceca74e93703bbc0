package harness

import (
	"bytes"
	"context"
	"time"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// maxScrolls is how many screens down a list something is looked for.
const maxScrolls = 30

// scrollTime is slow, so that a list does not fly on after the finger has gone.
const scrollTime = 600 * time.Millisecond

// ScrollTo looks for a node in a list that may go on below the screen, and returns it. At the list's end, which is where
// a swipe changes nothing, it is a *NotPerformed.
func (d *Driver) ScrollTo(ctx context.Context, what string, selectors []catalogue.Selector) (*ui.Node, error) {
	var last []byte
	missing := &NotPerformed{Want: what, Got: "the end of the list"}
	for range maxScrolls {
		tree, err := d.Screen.Dump(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range selectorsOf(selectors) {
			if n := tree.Find(s); n != nil && !n.Bounds.Empty() {
				return n, nil
			}
		}
		if missing.Dump = tree.XML; bytes.Equal(last, tree.XML) {
			return nil, missing
		}
		last = tree.XML
		if err := d.Screen.Swipe(ctx, [2]int{50, 75}, [2]int{50, 35}, scrollTime); err != nil {
			return nil, err
		}
	}
	return nil, missing
}
