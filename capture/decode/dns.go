package decode

import "golang.org/x/net/dns/dnsmessage"

// dns peels a DNS query, as DNS over HTTPS carries it: the names asked for, with dots.
func (p *peeler) dns(at *step, data []byte) bool {
	if len(data) < 17 || len(data) > 4096 || data[2]&0xf8 != 0 || data[4] != 0 || data[5] == 0 || data[5] > 8 {
		return false
	}
	var parser dnsmessage.Parser
	if _, err := parser.Start(data); err != nil {
		return false
	}
	questions, err := parser.AllQuestions()
	if err != nil || len(questions) == 0 || parser.SkipAllAnswers() != nil || parser.SkipAllAuthorities() != nil || parser.SkipAllAdditionals() != nil || !p.enter() {
		return false
	}
	defer p.leave()
	for _, q := range questions {
		name := []byte(q.Name.String())
		if n := len(name); n > 1 && name[n-1] == '.' {
			name = name[:n-1]
		}
		s := p.mk(step{up: at, op: "dns"})
		p.show(Text, s, name, false)
		p.labels(s, name)
	}
	return true
}
