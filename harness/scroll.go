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
	var found *ui.Node
	err := d.scroll(ctx, what, func(tree *ui.Tree) bool {
		for _, s := range selectorsOf(selectors) {
			if n := tree.Find(s); n != nil && !n.Bounds.Empty() {
				found = n
				return true
			}
		}
		return false
	})
	return found, err
}

// scroll goes down a list until the screen is as wanted, on the same terms.
func (d *Driver) scroll(ctx context.Context, what string, wanted func(*ui.Tree) bool) error {
	var last []byte
	missing := &NotPerformed{Want: what, Got: "the end of the list"}
	for range maxScrolls {
		tree, err := d.Screen.Dump(ctx)
		if err != nil {
			return err
		}
		if wanted(tree) {
			return nil
		}
		if missing.Dump = tree.XML; bytes.Equal(last, tree.XML) {
			return missing
		}
		last = tree.XML
		if err := d.Screen.Swipe(ctx, [2]int{50, 75}, [2]int{50, 35}, scrollTime); err != nil {
			return err
		}
	}
	return missing
}
