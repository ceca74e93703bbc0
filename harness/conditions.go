package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// conditions reads who is signed in, and the switches that decide what a phone may send. What it does not answer is said
// to be unknown; a fault of the link is an error.
func (l *Lease) conditions(ctx context.Context, xiaomi bool) (accounts int, out []leak.Condition, err error) {
	who := leak.Condition{ID: leak.ConditionAccounts, Name: "accounts signed in", Key: "dumpsys account", Certainty: string(catalogue.Sourced), Source: "AOSP, AccountManagerService; their names are not kept"}
	signed, err := l.device.Accounts(ctx)
	accounts, who.Value = signed.Count, accountTypes(signed)
	if err != nil {
		if !answered(err) {
			return -1, nil, err
		}
		accounts, who.Value, who.Unknown = -1, "", err.Error() // unknown is said, not guessed
	}
	who.Means = who.Value
	out, err = l.switches(ctx, xiaomi)
	return accounts, append([]leak.Condition{who}, out...), err
}

// switches reads those of the phone that the catalogue knows.
func (l *Lease) switches(ctx context.Context, xiaomi bool) (out []leak.Condition, err error) {
	for _, c := range catalogue.Conditions(xiaomi) {
		x := leak.Condition{ID: c.ID, Name: c.Name, Key: c.Namespace + " " + c.Key, Certainty: string(c.Certainty), Source: c.Source}
		v, err := l.device.Setting(ctx, adb.Setting{Namespace: c.Namespace, Key: c.Key})
		switch {
		case err != nil && !answered(err):
			return nil, err
		case err != nil:
			x.Unknown = err.Error()
		case !v.Set:
			x.Unset = true
		default:
			x.Value = shortened(v.Value)
			switch {
			case v.Value == c.On && c.On != "":
				x.Means = "on"
			case v.Value == c.Off && c.Off != "":
				x.Means = "off"
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// answered says whether an error is the phone's answer, and none of the way to it.
func answered(err error) bool {
	var exit *adb.ExitError
	code := adb.CodeOf(err)
	return errors.As(err, &exit) || code == adb.Denied || code == adb.Malformed
}

// maxConditionValue bounds what is kept of a setting: they are switches.
const maxConditionValue = 60

func shortened(s string) string {
	if r := []rune(s); len(r) > maxConditionValue {
		return string(r[:maxConditionValue]) + "..."
	}
	return s
}

// accountTypes says how many accounts of each type there are, never whose.
func accountTypes(a adb.Accounts) string {
	if a.Count == 0 {
		return "none"
	}
	var words []string
	rest := a.Count
	for _, kind := range slices.Sorted(maps.Keys(a.Types)) {
		words = append(words, fmt.Sprintf("%s %d", kind, a.Types[kind]))
		rest -= a.Types[kind]
	}
	if rest > 0 {
		words = append(words, fmt.Sprintf("of a type that is not shown %d", rest))
	}
	return strings.Join(words, ", ")
}

// consented keeps for the attempt under way, and for the journal, what a browser asked its user to agree to.
func (l *Lease) consented(app string, asked bool, yes int) {
	l.consents = append(l.consents, leak.Consent{App: app, Asked: asked, Answered: yes})
	if asked {
		l.say(fmt.Sprintf("%s asked its user to agree; answered with yes %d times", app, yes))
	}
}
