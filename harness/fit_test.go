package harness

import (
	"testing"

	"github.com/telltale-farm/telltale/adb"
)

func TestSoleSerial(t *testing.T) {
	phones := []adb.Listed{{Serial: "7c2d9a10"}, {Serial: "0123456789ABCDEF"}, {Serial: "0123456789ABCDEF"}, {Serial: "????????????"}}
	for serial, want := range map[string]bool{"7c2d9a10": true, "0123456789ABCDEF": false, "????????????": false, "gone": true} {
		if err := soleSerial(phones, serial); (err == nil) != want {
			t.Errorf("%s: %v", serial, err)
		}
	}
}

func TestCaptivePortal(t *testing.T) {
	for text, want := range map[string]bool{
		"NetworkAgentInfo [WIFI () - 100] nc{[ Transports: WIFI Capabilities: NOT_METERED&INTERNET&VALIDATED&NOT_VPN LinkUpBandwidth>=1Kbps]}":      false,
		"NetworkAgentInfo [WIFI () - 100] nc{[ Transports: WIFI Capabilities: NOT_METERED&INTERNET&CAPTIVE_PORTAL&NOT_VPN LinkUpBandwidth>=1Kbps]}": true,
		"everValidated{true} lastValidated{true} created{true} everCaptivePortalDetected{true} lastCaptivePortalDetected{false}":                    false,
		"everValidated{false} lastValidated{false} created{true} everCaptivePortalDetected{true} lastCaptivePortalDetected{true}":                   true,
		"CaptivePortalTracker: idle": false,
	} {
		if got := captive.MatchString(text); got != want {
			t.Errorf("%v, want %v: %s", got, want, text)
		}
	}
}
