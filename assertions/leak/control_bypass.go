package leak

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// bypass gives what an attempt's app, or the phone, sent around the proxy, and what of it policy accepts. Only bytes that
// the phone sent count, and sockets that were seen.
func (p *phone) bypass(a *Attempt) (reasons []Reason, accepted []Accepted) {
	return p.around(a, &a.Counters)
}

func (p *phone) around(a *Attempt, c *Counters) (reasons []Reason, accepted []Accepted) {
	if !c.Readable {
		detail := "the phone's byte counters could not be read"
		if c.Detail != "" {
			detail += ": " + c.Detail
		}
		reasons = append(reasons, Reason{Code: CodeBypass, Detail: p.mask.text(detail), Attempt: a.ID})
	}
	for _, d := range c.Deltas {
		if d.TX < 0 {
			reasons = append(reasons, Reason{Code: CodeBypass, Attempt: a.ID, Detail: "a byte counter of the phone went back: what it had counted is lost"})
			break
		}
	}
	known := map[int]bool{} // uids with a socket, whose bytes have a destination
	for _, s := range c.Sockets {
		if !p.anyInScope(a, s.Apps) {
			continue
		}
		known[s.UID] = true
		host := s.Host
		if host == "" {
			host = s.Addr
		}
		if s.ADB {
			s.Port = 0 // the computer's, another after each time that adb was away
		}
		app := owner(s.UID, s.Apps)
		if by, who, ok := p.acceptsAny(owners(s.UID, s.Apps), host, s.Port); ok {
			accepted = append(accepted, Accepted{App: safe.Text(who), Host: safe.Text(host), Port: s.Port, Why: safe.Text(by.Why)})
			continue
		}
		reasons = append(reasons, Reason{
			Code: CodeBypass, Attempt: a.ID, App: safe.Text(app), Host: safe.Text(host), Port: s.Port, Class: safe.Text(s.Proto),
			Detail: sharedBy(around(s), s.UID, s.Apps), Bytes: p.sentBy(c, s.UID), Accept: acceptLine(app, host, s.Port),
		})
	}
	for _, d := range c.Deltas {
		// The bytes of a uid with sockets are told with those: refused or accepted.
		if d.TX <= 0 || known[d.UID] || !p.anyInScope(a, d.Apps) {
			continue
		}
		if by, who, ok := p.acceptsUnseen(d.UID); ok {
			accepted = append(accepted, Accepted{App: safe.Text(who), Host: HostUnknown, Why: safe.Text(by.Why)})
			continue
		}
		reasons = append(reasons, Reason{
			Code: CodeBypass, Attempt: a.ID, App: safe.Text(owner(d.UID, d.Apps)), Bytes: d.TX, Accept: acceptUnseenLine(d.UID),
			Detail: sharedBy("bytes sent around the proxy, destination unknown", d.UID, d.Apps),
		})
	}
	return reasons, accepted
}

// around says what a connection around the proxy probably carries, by its port (IANA), and where names for the address
// are known, which.
func around(s Sock) string {
	what := "a connection around the proxy"
	switch udp := strings.HasPrefix(s.Proto, "udp"); {
	case s.ADB:
		what = "adb's own connection, over the network: what else the shell sends is counted with its bytes, and nothing tells them apart; reach the phone by USB"
	case udp && s.Port == 443:
		what = "QUIC around the proxy"
	case s.Port == 53:
		what = "questions to a name server around the proxy"
	case s.Port == 853:
		what = "encrypted questions to a name server around the proxy"
	}
	if len(s.Names) > 0 {
		names := slices.Sorted(slices.Values(s.Names))
		what += ", at the address of " + strings.Join(names[:min(len(names), maxNames)], ", ")
	}
	return safe.Text(what)
}

// maxNames bounds the names said of one address: a server farm has thousands.
const maxNames = 4

func (p *phone) sentBy(c *Counters, uid int) (n int64) {
	for _, d := range c.Deltas {
		if d.UID == uid && d.TX > 0 {
			n += d.TX
		}
	}
	return n
}

// oneApp is the package that stands for a uid: the first by name; empty is unknown.
func oneApp(apps []string) string {
	if len(apps) == 0 {
		return ""
	}
	return slices.Min(apps)
}

func sharedBy(what string, uid int, apps []string) string {
	switch len(apps) {
	case 0:
		if name := SystemName(uid); name != "" {
			return fmt.Sprintf("%s, by uid %d, which Android calls %s", what, uid, name)
		}
		return fmt.Sprintf("%s, by uid %d of no known package", what, uid)
	case 1:
		return what
	}
	return safe.Text(fmt.Sprintf("%s, by uid %d of %s", what, uid, strings.Join(slices.Sorted(slices.Values(apps)), ", ")))
}
