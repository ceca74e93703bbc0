package harness

import (
	"testing"

	"github.com/telltale-farm/telltale/adb"
)

func TestCountersThatWentBack(t *testing.T) {
	for name, c := range map[string]struct {
		before, after adb.Traffic
		back          bool
	}{
		"nothing moved":               {adb.Traffic{1: {RX: 5, TX: 5}}, adb.Traffic{1: {RX: 5, TX: 5}}, false},
		"more was sent":               {adb.Traffic{1: {RX: 5, TX: 5}}, adb.Traffic{1: {RX: 6, TX: 9}, 2: {TX: 1}}, false},
		"less than before":            {adb.Traffic{1: {RX: 5, TX: 5}}, adb.Traffic{1: {RX: 5, TX: 4}}, true},
		"a uid is gone":               {adb.Traffic{1: {RX: 5, TX: 5}}, adb.Traffic{}, true},
		"a uid that had sent nothing": {adb.Traffic{1: {RX: 5}}, adb.Traffic{}, false},
		"they could not be read":      {adb.Traffic{1: {RX: 5, TX: 5}}, nil, false},
	} {
		if err := wentBack(c.before, c.after); (err != nil) != c.back {
			t.Errorf("%s: %v", name, err)
		}
	}
}
