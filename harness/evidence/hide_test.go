package evidence

import (
	"os"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// What attempts.jsonl and phone.jsonl say in words is published, and repeated in reasons: it names no serial, no identifier,
// and no folder of whoever runs telltale. Facts are left as they are.
func TestWordsNameNobody(t *testing.T) {
	t.Setenv("HOME", "/home/alice")
	sample := leaktest.Clean()
	b := created(t, sample)
	p, err := OpenPhone(b.Dir(), leaktest.PhoneID)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	const serial, imei, wifi = "7c2d9a10", "356938035643809", `Ali"ce's \u003c Wi-Fi`
	p.Hide(serial, leaktest.PhoneID)
	p.Hide("no", "yes")
	for _, s := range []leak.Secret{{ID: "imei", Role: leak.SecretIdentifier, Value: imei}, {ID: "wifi", Role: leak.SecretIdentifier, Value: wifi}, {ID: "q", Role: leak.SecretCanary, Value: "lacquer nougat"}} {
		if err := p.AppendSecret(s); err != nil {
			t.Fatal(err)
		}
	}
	a := sample.Phones[0].Attempts[0]
	a.Fault = &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "running \"x\" on " + serial + ": open /home/alice/.local/x: no such file; " + wifi + ", lacquer nougat"}
	a.Tunnel.Detail, a.Counters.Detail = serial+" was away", imei+" was there"
	a.App = serial
	a.Postcondition.Got = "the screen does not show a search box; it shows \"Signed in as alice.b+x@mail.example.org\", \"a@b\""
	line := sample.Phones[0].Lines[0]
	line.Conditions = []leak.Condition{{ID: "x", Value: serial, Unknown: "asking " + serial + ": no"}}
	if err := p.AppendAttempt(a); err != nil {
		t.Fatal(err)
	}
	if err := p.AppendPhone(line); err != nil {
		t.Fatal(err)
	}
	attempts, err := leak.ReadAttempts(b.FS(), leaktest.PhoneID)
	if err != nil {
		t.Fatal(err)
	}
	got := attempts[0]
	if want := `running "x" on phone-1: open ~/.local/x: no such file; (wifi), lacquer nougat`; got.Fault.Detail != want {
		t.Errorf("fault %q, want %q", got.Fault.Detail, want)
	}
	if want := `the screen does not show a search box; it shows "Signed in as (mail address)", "a@b"`; got.Postcondition.Got != want {
		t.Errorf("got %q, want %q", got.Postcondition.Got, want)
	}
	if got.Tunnel.Detail != "phone-1 was away" || got.Counters.Detail != "(imei) was there" || got.App != serial {
		t.Errorf("%q, %q, %q", got.Tunnel.Detail, got.Counters.Detail, got.App)
	}
	lines, err := leak.ReadPhoneLines(b.FS(), leaktest.PhoneID)
	if err != nil || lines[0].Conditions[0].Unknown != "asking phone-1: no" || lines[0].Conditions[0].Value != serial {
		t.Errorf("%+v, %v", lines, err)
	}
	raw, err := os.ReadFile(p.Path() + "/" + attemptsName)
	if err != nil || strings.Contains(string(raw), "alice") {
		t.Errorf("%s, %v", raw, err)
	}
}
