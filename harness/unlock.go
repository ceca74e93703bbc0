package harness

import (
	"fmt"
	"os"
)

// pin is the phone's PIN, from the environment variable that devices.yaml names; empty if it names none. It goes nowhere
// but to the lock screen: not into evidence, journals, errors or progress lines.
func (d *Driver) pin() (string, error) {
	if d.Phone.PINEnv == "" {
		return "", nil
	}
	pin := os.Getenv(d.Phone.PINEnv)
	if pin == "" {
		return "", fmt.Errorf("the environment variable %s, which is to hold the PIN of %s, is not set", d.Phone.PINEnv, d.Phone.ID)
	}
	return pin, nil
}
