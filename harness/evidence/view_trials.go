package evidence

import (
	"fmt"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// trialsView is what windows with and without the action said, compared.
type trialsView struct {
	Facts   []factView
	Effects []effectView
	More    int
	Left    []string // windows that are not compared
}

type effectView struct {
	Where, App, Text string
	Reacts           bool
}

// maxEffects bounds how many destinations a claim shows.
const maxEffects = 20

func viewTrials(t *leak.Trials) *trialsView {
	if t == nil {
		return nil
	}
	v := &trialsView{Facts: []factView{
		{Name: "windows with the action", Value: fmt.Sprintf("%d of %d planned", t.Actions, t.Planned)},
		{Name: "windows without", Value: fmt.Sprintf("%d of %d planned", t.Idles, t.Planned)},
		{Name: "compared for", Value: duration(t.WindowUS) + " each"},
		{Name: "from first to last", Value: duration(t.WallUS)},
		{Name: "destinations tested", Value: fmt.Sprint(t.Tested)},
		{Name: "chance of a false call", Value: perMillion(t.AlphaPPM) + " for all of them together"},
	}}
	enough := "yes"
	if !t.Enough {
		enough = fmt.Sprintf("no: %d of each kind would be", t.Need)
	}
	v.Facts = append(v.Facts, factView{Name: "enough to show a reaction three times in ten", Value: enough})
	for i, e := range t.Effect {
		if i == maxEffects {
			v.More = len(t.Effect) - i
			break
		}
		x := effectView{App: appWord(e.App), Text: safe.Line(e.Text, 400), Reacts: e.Reacts, Where: "around the proxy"}
		if e.Host != "" {
			x.Where = place(e.Host, e.Port)
		}
		v.Effects = append(v.Effects, x)
	}
	for i, l := range t.Left {
		if i == maxSought {
			v.Left = append(v.Left, fmt.Sprintf("and %d more", len(t.Left)-i))
			break
		}
		v.Left = append(v.Left, fmt.Sprintf("attempt %d: %s: %s", l.Attempt, l.Code, safe.Line(l.Detail, 200)))
	}
	return v
}

// perMillion writes parts per million as a percentage.
func perMillion(ppm int64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%04d", ppm/10_000, ppm%10_000), "0"), ".") + " %"
}
