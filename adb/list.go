package adb

import (
	"fmt"
	"regexp"
	"strings"
)

// State is what the adb server says of a phone, verbatim; unknown words are kept.
type State string

// Some states (AOSP adb.cpp). "no permissions" comes with a long text behind it.
const (
	StateDevice        State = "device"
	StateOffline       State = "offline"
	StateUnauthorized  State = "unauthorized"
	StateAuthorizing   State = "authorizing"
	StateNoPermissions State = "no permissions"
)

// Listed is one line of `adb devices -l`.
type Listed struct {
	Serial    string // empty: the phone has none, so that no request for a serial reaches it
	State     State  // of "no permissions (...); see [...]" the first two words
	Detail    string // the text behind "no permissions"
	Transport string // transport_id: unique on this server, new at each USB attach; empty on very old servers
	USB       string // bus path, as in usb:1-10
	Product   string
	Model     string // the server writes '_' for what is no letter or digit
	Device    string // codename
}

// attribute matches the tail of a line, one attribute a match.
var attribute = regexp.MustCompile(`(?:^|\s)(usb|product|model|device|transport_id):(\S+)`)

// noSerial is what the server writes in place of a serial that is empty (AOSP transport.cpp, append_transport).
const noSerial = "(no serial number)"

// longLine cuts a line of the long list where its serial ends. A serial may hold blanks, as [noSerial] does, and so may
// names found by mDNS: it ends at the last word for a state behind which only attributes stand. Words: AOSP adb.cpp.
var longLine = regexp.MustCompile(`^(.*\S)\s+((?:device|offline|bootloader|host|recovery|rescue|sideload|unauthorized|authorizing|connecting|detached|unknown|no permissions.*?)` +
	`(?:\s+(?:usb|product|model|device|transport_id):\S*)*)\s*$`)

// cutSerial cuts a line behind its serial; rest is empty if there is no state.
func cutSerial(line string) (serial, rest string) {
	if serial, rest, short := strings.Cut(line, "\t"); short {
		return strings.TrimRight(serial, " "), strings.TrimLeft(rest, " \t")
	}
	if m := longLine.FindStringSubmatch(line); m != nil {
		return m[1], m[2]
	}
	if after, none := strings.CutPrefix(line, noSerial); none && (after == "" || after[0] == ' ') {
		return noSerial, strings.TrimLeft(after, " ")
	}
	serial, rest, _ = strings.Cut(line, " ") // a state that we do not know
	return serial, strings.TrimLeft(rest, " ")
}

// ParseList reads the answers of host:devices, host:devices-l and of the track services, and what `adb devices -l`
// prints. At most 1024 phones.
func ParseList(text []byte) ([]Listed, error) {
	const most = 1024
	var out []Listed
	for line := range strings.SplitSeq(string(text), "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "List of devices") {
			continue
		}
		serial, rest := cutSerial(line)
		if serial == "" || rest == "" {
			return nil, newFault(Protocol, "", "reading the list of phones", fmt.Errorf("line %q has no state", clip(line)))
		}
		if len(out) == most {
			return nil, newFault(Protocol, "", "reading the list of phones", fmt.Errorf("more than %d phones", most))
		}
		d := Listed{Serial: serial}
		if serial == noSerial {
			d.Serial = ""
		}
		if strings.HasPrefix(rest, string(StateNoPermissions)) {
			d.State = StateNoPermissions
			rest = strings.TrimSpace(rest[len(StateNoPermissions):])
			if at := strings.LastIndexByte(rest, ']'); at >= 0 {
				d.Detail, rest = rest[:at+1], rest[at+1:]
			}
		} else {
			word, tail, _ := strings.Cut(rest, " ")
			d.State, rest = State(strings.TrimSpace(word)), tail
		}
		if d.State == "" {
			return nil, newFault(Protocol, "", "reading the list of phones", fmt.Errorf("line %q has no state", clip(line)))
		}
		for _, m := range attribute.FindAllStringSubmatch(rest, -1) {
			switch m[1] {
			case "usb":
				d.USB = m[2]
			case "product":
				d.Product = m[2]
			case "model":
				d.Model = m[2]
			case "device":
				d.Device = m[2]
			case "transport_id":
				d.Transport = m[2]
			}
		}
		out = append(out, d)
	}
	return out, nil
}
