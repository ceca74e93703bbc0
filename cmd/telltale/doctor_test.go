package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// The exit code says whether anything is not in order, and whether anything could not be found out.
func TestDoctor(t *testing.T) {
	r := newRig(t, built)
	phone, block := r.served("subject", personality.Leaky2020(), "leaky-2020", "mi", "")
	devices := r.devices(block)
	checks := func(want int) map[string]harness.Check {
		t.Helper()
		code, stdout, stderr := r.telltale("doctor", "--devices", devices, "--json")
		if code != want {
			t.Errorf("exit status %d, want %d\n%s%s", code, want, stdout, stderr)
		}
		out := map[string]harness.Check{}
		for line := range strings.Lines(stdout) {
			var c harness.Check
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				t.Fatal(err)
			}
			out[c.ID] = c
		}
		return out
	}
	if c := checks(exitClean)["trusted:mi"]; c.Answer != harness.Yes || c.Phone != "subject" {
		t.Errorf("%+v", c)
	}
	phone.State().Account.Store(true)
	if c := checks(exitInconclusive)["accounts"]; c.Answer != harness.Unknown {
		t.Errorf("%+v", c)
	}
	b := phone.State().Power.Battery()
	b.Level = 5
	phone.State().Power.SetBattery(b)
	if c := checks(exitFailed)["battery"]; c.Answer != harness.No || c.Fix == "" {
		t.Errorf("%+v", c)
	}
	if code, stdout, _ := r.telltale("doctor", "--devices", devices); code != exitFailed || !strings.Contains(stdout, "fix: charge it") {
		t.Errorf("exit status %d\n%s", code, stdout)
	}
	if _, _, on := phone.State().Proxy.Effective(); on {
		t.Error("the phone still has our proxy")
	}
}
