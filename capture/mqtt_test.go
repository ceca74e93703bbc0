package capture

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mqttBytes makes a control packet.
func mqttBytes(first byte, body string) string {
	n := len(body)
	head := []byte{first}
	for {
		b := byte(n & 0x7f)
		if n >>= 7; n > 0 {
			head = append(head, b|0x80)
			continue
		}
		return string(append(head, b)) + body
	}
}

func lengthed(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

func mqttHello(version byte) string {
	props := ""
	if version == 5 {
		props = "\x00"
	}
	return mqttBytes(0x10, lengthed("MQTT")+string([]byte{version, 2, 0, 60})+props+lengthed("client-1"))
}

func TestMQTTPackets(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
		err      bool
	}{
		{"publish", mqttHello(4) + mqttBytes(0x30, lengthed("a/b")+"payload") + mqttBytes(0xc0, ""), []string{"1", "3 a/b payload", "12"}, false},
		{"publish, QoS 1", mqttHello(4) + mqttBytes(0x32, lengthed("t")+"\x00\x07body"), []string{"1", "3 t body"}, false},
		{"publish, MQTT 5", mqttHello(5) + mqttBytes(0x30, lengthed("t")+"\x03\x26aabody"), []string{"1", "3 t body"}, false},
		{"long", mqttHello(4) + mqttBytes(0x30, lengthed("t")+strings.Repeat("x", 300)), []string{"1", "3 t " + strings.Repeat("x", 300)}, false},
		{"not whole", mqttHello(4) + "\x30\x7f", []string{"1"}, false},
		{"TLS", "\x16\x03\x01", nil, true},
		{"another protocol that begins alike", "\x10\x08abcdefgh", nil, true},
		{"connect twice", mqttHello(4) + mqttHello(4), []string{"1"}, true},
		{"too long", mqttHello(4) + "\x30\xff\xff\xff\x7f", []string{"1"}, true},
		{"a length without end", mqttHello(4) + "\x30\xff\xff\xff\xff\xff", []string{"1"}, true},
	} {
		for _, step := range []int{1, 3, 1 << 20} {
			m := mqttPackets{limit: 1 << 16}
			var got []string
			var err error
			for rest := c.in; rest != "" && err == nil; {
				n := min(step, len(rest))
				err = m.feed([]byte(rest[:n]), func(p mqttPacket) {
					s := fmt.Sprint(p.kind)
					if p.kind == mqttPublish {
						s += " " + p.topic + " " + string(p.body)
					}
					got = append(got, s)
				})
				rest = rest[n:]
			}
			if d := cmp.Diff(c.want, got); d != "" || (err != nil) != c.err {
				t.Errorf("%s, %d at a time: %v\n%s", c.name, step, err, d)
			}
		}
	}
}

func FuzzMQTT(f *testing.F) {
	f.Add([]byte(mqttHello(4)+mqttBytes(0x32, lengthed("t")+"\x00\x07body")), 3)
	f.Add([]byte(mqttHello(5)+mqttBytes(0x30, lengthed("t")+"\x03\x26aabody")), 1)
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		step = max(step, 1)
		whole, parts := mqttPackets{limit: 1 << 16}, mqttPackets{limit: 1 << 16}
		var a, b, size int
		errA := whole.feed(data, func(p mqttPacket) { a++; size += len(p.body) + len(p.topic) + len(p.properties) })
		var errB error
		for rest := data; len(rest) > 0 && errB == nil; {
			n := min(step, len(rest))
			errB = parts.feed(rest[:n], func(mqttPacket) { b++ })
			rest = rest[n:]
		}
		if a != b || errors.Is(errA, errMQTT) != errors.Is(errB, errMQTT) {
			t.Fatalf("%d packets, %v; in parts %d, %v", a, errA, b, errB)
		}
		if size > len(data) {
			t.Fatal("more payload than bytes")
		}
	})
}
