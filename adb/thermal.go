package adb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// ThermalSevere is the status from which Android slows a phone down so much that it is felt (Android 10, PowerManager:
// 0 none, 1 light, 2 moderate, 3 severe, 4 critical, 5 emergency, 6 shutdown).
const ThermalSevere = 3

// Thermal is what `dumpsys thermalservice` says (Android 10 and later).
type Thermal struct {
	Status  int     // 0 to 6
	Hottest float64 // degrees Celsius, of the sensors read now; 0 if there is none
}

// Thermal reads the thermal status. A phone older than Android 10 has none, which is a fault, [Malformed].
func (d *Device) Thermal(ctx context.Context) (Thermal, error) {
	return read(ctx, d, "reading the thermal status", ParseThermal, "dumpsys", "thermalservice")
}

var (
	thermalStatus = regexp.MustCompile(`(?m)^\s*Thermal Status: (\d)\s*$`)
	thermalValue  = regexp.MustCompile(`\bTemperature\{mValue=(-?\d{1,4}(?:\.\d{1,10})?), `)
)

// ParseThermal reads `dumpsys thermalservice`. The cached temperatures come first and are stale; those of absent sensors
// are -99.9.
func ParseThermal(text []byte) (Thermal, error) {
	s := string(text)
	m := thermalStatus.FindStringSubmatch(s)
	if m == nil {
		return Thermal{}, errors.New("no thermal status: " + firstLines(s[:min(len(s), 500)]))
	}
	var t Thermal
	t.Status, _ = strconv.Atoi(m[1])
	_, now, found := strings.Cut(s, "Current temperatures from HAL:")
	if !found {
		return t, nil
	}
	now, _, _ = strings.Cut(now, "Current cooling devices")
	for _, m := range thermalValue.FindAllStringSubmatch(now, 100) {
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return Thermal{}, fmt.Errorf("temperature %q", clip(m[1]))
		}
		t.Hottest = max(t.Hottest, v)
	}
	return t, nil
}
