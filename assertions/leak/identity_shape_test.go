package leak

import "testing"

func TestIdentifierShape(t *testing.T) {
	for value, want := range map[string]bool{
		"5e77c02f-031a-4c9d-a1ff-cb2a6f40023c": true, "9f3a0b77c2d14e55": true, "02:00:5e:10:ab:9f": true, "867254269213547": true, "R58M12ABCDE": true,
		"1763726400": false, "1763726400123": false, "2026-11-21T12:00:00": false, "20261121T120000": false, "12.1.4.0-stable": true, "10.0.0.123": false,
		"velvet okapi 7f3a91": false, "page_view": false, "abc123": false, "https://a.example/1234": false, "com.android.browser": false,
	} {
		if got := identifierShape([]byte(value)); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func TestRandomShape(t *testing.T) {
	for value, want := range map[string]bool{
		"5e77c02f-031a-4c9d-a1ff-cb2a6f40023c": true, "9f3a0b77c2d14e55": true, "867254269213547": true, "5E77C02F031A4C9DA1FFCB2A6F40023C": true,
		"cJ8x2mQpR0uVwYzA4bC7dE": true, "eEF1T3xkR9K0q2LmNoPq7s-A": true,
		"00000000-0000-0000-0000-000000000000": false, "02:00:00:00:00:00": false, "12.1.4.0-stable": false, "V11.0.8.0.PCOMIXM": false,
		"R58M12ABCDE": false, "exp_20481_arm_b": false, "1080x2340": false, "com.example.app2026": false, "QKQ1.190910.002": false,
		"Telltale/test/test:10/T1/1:user/test-keys": false, "abcdefabcdefabcd": false, "1234567890": false,
	} {
		if got := randomShape(value); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	for loc, want := range map[string][2]string{
		"body > form data_list > base64 > gzip > json $[12].properties.uuid": {"body > form data_list > base64 > gzip > json $[].properties.uuid", "uuid"},
		"body > json lines #3 $.id": {"body > json lines # $.id", "id"},
		"cookie uid":                {"cookie uid", "uid"},
		"body > protobuf 2":         {"body > protobuf 2", "protobuf-2"},
		"header X-Device > base64":  {"header X-Device > base64", "base64"},
	} {
		if p := placeOf(loc); p != want[0] || lastPlace(p) != want[1] {
			t.Errorf("%q: %q, %q; want %q", loc, p, lastPlace(p), want)
		}
	}
}
