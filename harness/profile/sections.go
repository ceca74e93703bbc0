package profile

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// controlHost is the host that the proxy answers itself when the file names none.
const controlHost = "control.telltale.test"

// shared is what defaults hold and each phone may say otherwise.
type shared struct {
	Settle Settle
	Repeat int
	Trials *int
	Record Record
}

// maxTrials bounds the windows of each kind that a cell compares. A thousand of them take a phone a night.
const maxTrials = 500

// config reads the whole file.
func (r *reader) config(n ast.Node) *Config {
	if r.err != nil {
		return nil
	}
	const what = "the file"
	f := r.object(n, what, "version", "defaults", "sites", "browsers", "phones")
	r.require(n, what, f, "version", "phones")
	if r.err != nil {
		return nil
	}
	if v := r.integer(f["version"], "version", 0, math.MaxInt); r.err == nil && v != Version {
		r.fail(f["version"], "write version: 1, or use the telltale that the file was written for", "version is %d, this telltale reads version %d", v, Version)
	}
	base := shared{Settle: Settle{Min: 20 * time.Second, Max: 2 * time.Minute}, Repeat: 3, Record: Record{BodyCap: 64 << 20}}
	if d := f["defaults"]; d != nil {
		base = r.shared(r.object(d, "defaults", "settle", "repeat", "trials", "record"), "defaults", base)
	}
	cfg := &Config{Sites: r.sites(f["sites"])}
	cfg.Browsers = r.browsers(f["browsers"], cfg.Sites)
	cfg.Phones = r.phones(f["phones"], base, cfg.Browsers)
	return cfg
}

// shared reads settle, repeat, trials and record over what holds without them.
func (r *reader) shared(f map[string]ast.Node, what string, base shared) shared {
	if n := f["settle"]; n != nil {
		s := r.object(n, "settle of "+what, "min", "max")
		if v := s["min"]; v != nil {
			base.Settle.Min = r.duration(v, "settle.min of "+what)
		}
		if v := s["max"]; v != nil {
			base.Settle.Max = r.duration(v, "settle.max of "+what)
		}
		if base.Settle.Min >= base.Settle.Max {
			r.fail(n, "make max the longer one: a window waits at most so long for min of quiet", "settle of %s has min %s and max %s", what, base.Settle.Min, base.Settle.Max)
		}
	}
	if n := f["repeat"]; n != nil {
		base.Repeat = r.integer(n, "repeat of "+what, 1, 1000)
	}
	if n := f["trials"]; n != nil {
		trials := r.integer(n, "trials of "+what, 0, maxTrials)
		base.Trials = &trials
	}
	if n := f["record"]; n != nil {
		rec := r.object(n, "record of "+what, "body_cap", "video")
		if v := rec["body_cap"]; v != nil {
			base.Record.BodyCap = r.size(v, "body_cap of "+what)
		}
		if v := rec["video"]; v != nil {
			base.Record.Video = r.boolean(v, "video of "+what)
		}
	}
	return base
}

// sites reads what the phones visit.
func (r *reader) sites(n ast.Node) Sites {
	s := Sites{Control: controlHost, Search: map[string]string{}}
	if n == nil {
		return s
	}
	f := r.object(n, "sites", "control", "search")
	if v := f["control"]; v != nil {
		s.Control = r.host(v, "the control host")
	}
	if v := f["search"]; v != nil {
		for _, e := range r.entries(v, "sites.search") {
			r.checkID(e.key, e.name, "the id of a search engine")
			s.Search[e.name] = r.host(e.value, "the host of search engine "+e.name)
			if r.err == nil && s.Search[e.name] == s.Control {
				r.fail(e.value, "give the control host a name of its own", "search engine %s is the control host, which the proxy answers itself", e.name)
			}
		}
	}
	return s
}

// browsers reads the logical browsers, and gives them sorted by id.
func (r *reader) browsers(n ast.Node, sites Sites) []Browser {
	all := []Browser{}
	if n == nil {
		return all
	}
	for _, e := range r.entries(n, "browsers") {
		r.checkID(e.key, e.name, "the id of a browser")
		what := "browser " + e.name
		f := r.object(e.value, what, "app", "search", "baseline")
		r.require(e.value, what, f, "app", "search")
		if r.err != nil {
			return nil
		}
		b := Browser{ID: e.name, App: r.packageName(f["app"], "the app of "+what), SearchID: r.text(f["search"], "the search engine of "+what)}
		host, ok := sites.Search[b.SearchID]
		if r.err == nil && !ok {
			r.fail(f["search"], didYouMean(b.SearchID, keys(sites.Search)), "%s searches with %s, which is not in sites.search", what, shown(b.SearchID))
		}
		b.Search = host
		if v := f["baseline"]; v != nil {
			b.Baseline = r.boolean(v, "baseline of "+what)
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b Browser) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// phoneBrowsers reads the browsers of one phone: ids of the browsers section that the catalogue can drive there.
func (r *reader) phoneBrowsers(n ast.Node, p *Phone, known []Browser) []Browser {
	list := []Browser{}
	if n == nil {
		return list
	}
	what := "browsers of phone " + p.ID
	ids := []string{}
	for _, b := range known {
		ids = append(ids, b.ID)
	}
	for _, v := range r.list(n, what) {
		id := r.text(v, "one of the "+what)
		if r.err != nil {
			return nil
		}
		i := slices.Index(ids, id)
		if i < 0 {
			r.fail(v, didYouMean(id, ids), "phone %s has browser %s, which is not under browsers:", p.ID, shown(id))
			return nil
		}
		if slices.Contains(list, known[i]) {
			r.fail(v, "remove one of them", "phone %s lists browser %s twice", p.ID, id)
		}
		if e, ok := p.App(known[i].App); !ok || e.Browser == nil {
			r.fail(v, "possible there: "+strings.Join(driven(p), ", "), "phone %s has browser %s, but how to drive %s on it is not in the catalogue", p.ID, id, known[i].App)
		}
		list = append(list, known[i])
	}
	return list
}

// driven lists the packages of the browsers that can be driven on a phone.
func driven(p *Phone) []string {
	var all []string
	for _, e := range catalogue.All(p.Personality) {
		if e.Browser != nil {
			all = append(all, e.Package)
		}
	}
	return all
}

func keys(m map[string]string) []string {
	all := []string{}
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
