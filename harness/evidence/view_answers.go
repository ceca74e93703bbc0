package evidence

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// askedView is one file of answers, as the report quotes it.
type askedView struct {
	File, When string
	Wrong      string // why it cannot be read
	Answers    []answerView
}

// answerView is what came of asking one address.
type answerView struct {
	Anchor, URL, Error string
	Host               string
	For                string
	Quote, Greeting    string
	Steps              []stepView
}

type stepView struct {
	URL   string
	Facts []factView
}

// viewAnswers gathers what destinations answered to this computer. It stands in a part of its own, after all verdicts.
func (b *Bundle) viewAnswers() (out []askedView) {
	for i, name := range b.answered() {
		a, err := b.readAnswers(name)
		v := askedView{File: name, When: safe.Line(a.Begun, 40)}
		if err != nil {
			out = append(out, askedView{File: name, Wrong: safe.Line(err.Error(), 300)})
			continue
		}
		for j, x := range a.Answers {
			w := viewAnswer(x)
			w.Anchor = fmt.Sprintf("answer-%d-%d", i+1, j+1)
			v.Answers = append(v.Answers, w)
		}
		out = append(out, v)
	}
	return out
}

func viewAnswer(x Answer) answerView {
	v := answerView{URL: safe.Line(x.URL, 300), Error: safe.Line(x.Error, 400)}
	var named []string
	for _, n := range x.For {
		named = append(named, safe.Line(n.Phone, 60)+", "+numbers("flow", n.Flows))
	}
	v.For = strings.Join(named, "; ")
	if u, err := url.Parse(x.URL); err == nil {
		v.Host = safe.Text(u.Hostname())
	}
	for _, s := range x.Steps {
		v.Steps = append(v.Steps, viewStep(s))
		if s.Body != nil {
			v.Quote = s.Body.Quote()
		}
	}
	v.Greeting = greeting(v.Quote)
	return v
}

func viewStep(s Step) stepView {
	v := stepView{URL: safe.Line(s.URL, 300)}
	add := func(name, value string) {
		if value != "" {
			v.Facts = append(v.Facts, factView{Name: name, Value: safe.Line(value, 600)})
		}
	}
	add("asked", s.Begun+", by the host's clock")
	add("addresses of the name", strings.Join(s.Addresses, ", "))
	add("dialled", s.Dialled)
	if t := s.Secured; t != nil {
		trust := "a certificate that this computer trusts"
		if !t.Trusted {
			trust = "no certificate that this computer trusts: nothing was asked"
		}
		add("TLS", strings.TrimSpace(t.Version+" "+t.Cipher)+", "+trust)
		for i, c := range t.Certs {
			name := "certificate"
			if i > 0 {
				name = "issued by"
			}
			add(name, fmt.Sprintf("%s, issued by %s, for %s, from %s to %s, sha256 %s", c.Subject, c.Issuer, orDash(strings.Join(c.Names, " ")), c.NotBefore, c.NotAfter, c.SHA256))
		}
	}
	if s.Status > 0 {
		add("answered", fmt.Sprintf("%s %d", s.Proto, s.Status))
	}
	add("redirect to", s.Redirect)
	for i, h := range s.Headers {
		if i == maxSought {
			add("headers", fmt.Sprintf("and %d more, in the file", len(s.Headers)-i))
			break
		}
		add("header "+safe.Line(h.Name, 60), h.Value)
	}
	if b := s.Body; b != nil {
		size := plural(b.Size, "byte")
		if b.Cut {
			size += ", and more that was not read"
		}
		add("body", size+", sha256 "+b.SHA256)
	}
	return v
}

func orDash(s string) string {
	if s == "" {
		return "no name"
	}
	return s
}

// answersOf links a destination to what it answered.
func answersOf(all []askedView, host string) (out []answerView) {
	for _, a := range all {
		for _, x := range a.Answers {
			if x.Host == host {
				out = append(out, x)
			}
		}
	}
	return out[:min(len(out), maxAnswersShown)]
}

// maxAnswersShown bounds the links at one finding; the part of the answers has them all.
const maxAnswersShown = 4
