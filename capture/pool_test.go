package capture

import (
	"bufio"
	"net"
	"testing"
	"time"
)

func idleConn(route string) *h1Conn {
	a, _ := net.Pipe()
	c := &h1Conn{Conn: a, route: route, left: -1}
	c.br = bufio.NewReader(c)
	return c
}

func TestThePoolIsBounded(t *testing.T) {
	p := &h1Pool{idle: map[string][]*h1Conn{}, limit: 3}
	defer p.close()
	for _, route := range []string{"a", "b", "a", "c", "d", "d"} {
		p.put(idleConn(route))
	}
	got := 0
	for _, route := range []string{"a", "b", "c", "d", "a", "d"} {
		if p.get(route) != nil {
			got++
		}
	}
	if got != 3 || p.n != 0 {
		t.Errorf("%d connections came back, %d are counted", got, p.n)
	}
}

func TestThePoolForgetsTheOld(t *testing.T) {
	p := &h1Pool{idle: map[string][]*h1Conn{}, limit: 10}
	old, young := idleConn("a"), idleConn("a")
	p.put(old)
	p.put(young)
	old.idleAt = time.Now().Add(-2 * idleTime)
	p.expire()
	if c := p.get("a"); c != young {
		t.Errorf("got %p, want the young one %p", c, young)
	}
	if c := p.get("a"); c != nil {
		t.Error("the old one is still there")
	}
	p.close()
	p.put(young)
	if p.get("a") != nil {
		t.Error("a closed pool took a connection back")
	}
}
