package leak

import "strings"

// phone derives from a telephone number in international form (ITU-T E.164: "+", country code, national number) the ways in
// which one is dialled and shown inside its country. A number without "+" does not say where its national part begins.
func (d *derivation) phone(v, digits string) {
	if !strings.HasPrefix(v, "+") || len(digits) < 10 || len(digits) > 15 {
		return
	}
	country := digits[:countryCode(digits)]
	national := digits[len(country):]
	if len(national) < 8 {
		return
	}
	d.add("00"+digits, ClassNormalised, edgeNumber, "international")
	d.add(national, ClassNormalised, edgeNumber, "national")
	d.add("0"+national, ClassNormalised, edgeNumber, "national")
	for _, form := range []string{national, "0" + national} {
		d.digest(form, "national")
	}
	d.digest("00"+digits, "international")
	d.digest("+"+country+"-"+national, "separators")
	if n, ok := wholeOf(national); ok {
		d.integer(n, "national")
	}
	for _, cuts := range [][2]int{{3, 7}, {3, 6}, {2, 6}} { // 3-4-4 in East Asia, 3-3-4 in America, 2-4-4
		a, b, c := national[:cuts[0]], national[cuts[0]:cuts[1]], national[cuts[1]:]
		for _, sep := range []string{" ", "-"} {
			d.add(a+sep+b+sep+c, ClassNormalised, edgeNumber, "national", "separators")
		}
	}
}

// countryCode is how many digits the country code of an international number has: one for zones 1 and 7, two for those of
// ITU-T E.164 that are listed here, three for all others.
func countryCode(digits string) int {
	switch {
	case digits[0] == '1' || digits[0] == '7':
		return 1
	case strings.Contains(" 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ", " "+digits[:2]+" "):
		return 2
	}
	return 3
}
