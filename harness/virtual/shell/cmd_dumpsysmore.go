package shell

import "strconv"

// The small services.

func dumpBattery(c *call, args []string) int {
	power := c.sh.phone.Power
	b := power.Battery()
	switch {
	case len(args) == 3 && args[0] == "set" && args[1] == "level":
		n, err := strconv.Atoi(args[2])
		if err != nil || n < 0 || n > 100 {
			return c.fail(255, "Bad value: %s", args[2])
		}
		b.Level, b.Updates = n, false
		power.SetBattery(b)
		return 0
	case len(args) > 0 && args[0] == "unplug":
		b.USB, b.Updates = false, false
		power.SetBattery(b)
		return 0
	case len(args) > 0 && args[0] == "reset":
		b.Updates = true
		power.SetBattery(b)
		return 0
	}
	c.println("Current Battery Service state:")
	if !b.Updates {
		c.println("  (UPDATES STOPPED -- use 'reset' to restart)")
	}
	status := 2
	switch {
	case !b.USB:
		status = 3
	case b.Level >= 100:
		status = 5
	}
	c.printf(`  AC powered: false
  USB powered: %v
  Wireless powered: false
  Max charging current: 500000
  Max charging voltage: 5000000
  Charge counter: 3122000
  status: %d
  health: 2
  present: true
  level: %d
  scale: 100
  voltage: 4174
  temperature: %d
  technology: Li-ion
`, b.USB, status, b.Level, b.Temperature)
	return 0
}

func dumpPower(c *call, _ []string) int {
	state := "Asleep"
	if c.sh.phone.Power.Awake() {
		state = "Awake"
	}
	stay, _ := c.sh.phone.Settings.Get("global", "stay_on_while_plugged_in")
	c.printf("POWER MANAGER (dumpsys power)\n\nPower Manager State:\n  mDirty=0x0\n  mWakefulness=%s\n  mWakefulnessChanging=false\n  mIsPowered=%v\n  mStayOn=%v\n  mBatteryLevel=%d\n",
		state, c.sh.phone.Power.Battery().USB, stay != "" && stay != "0", c.sh.phone.Power.Battery().Level)
	return 0
}

func dumpThermal(c *call, _ []string) int {
	status := c.sh.phone.Power.Thermal()
	skin := float64(c.sh.phone.Power.Battery().Temperature) / 10
	c.printf(`IsStatusOverride: false
ThermalEventListeners:
	callbacks: 1
	killed: false
	broadcasts count: -1
ThermalStatusListeners:
	callbacks: 1
	killed: false
	broadcasts count: -1
Thermal Status: %d
Cached temperatures:
	Temperature{mValue=25.3, mType=3, mName=skin, mStatus=0}
HAL Ready: true
Current temperatures from HAL:
	Temperature{mValue=%.1f, mType=0, mName=CPU0, mStatus=%d}
	Temperature{mValue=%.1f, mType=2, mName=battery, mStatus=0}
	Temperature{mValue=%.1f, mType=3, mName=skin, mStatus=%d}
	Temperature{mValue=-99.9, mType=6, mName=TYPE_POWER_AMPLIFIER, mStatus=0}
Current cooling devices from HAL:
	CoolingDevice{mValue=0, mType=2, mName=TYPE_CPU}
`, status, skin+8, status, skin, skin, status)
	return 0
}

func dumpAccount(c *call, _ []string) int {
	if !c.sh.phone.Account.Load() {
		c.println("User UserInfo{0:Owner:13}:\n  Accounts: 0")
		return 0
	}
	c.printf("User UserInfo{0:Owner:13}:\n  Accounts: 1\n    Account {name=%s, type=com.xiaomi}\n", c.sh.phone.Identity.Account)
	return 0
}

func dumpMedia(c *call, _ []string) int {
	pkg, title, playing := c.sh.apps.Media()
	c.println("MEDIA SESSION SERVICE (dumpsys media_session)\n")
	if title == "" {
		c.println("0 sessions listeners.")
		return 0
	}
	state := 2
	if playing {
		state = 3
	}
	c.printf("  Sessions Stack - have 1 sessions:\n    %s %s/session (userId=0)\n      package=%s\n      active=true\n      state=PlaybackState {state=%d, position=0, buffered position=0, speed=1.0, actions=823}\n      metadata: size=3, description=%s, null, null\n",
		pkg, pkg, pkg, state, title)
	return 0
}

func dumpTrust(c *call, _ []string) int {
	c.printf("Trust manager state:\n User \"Owner\" (id=0, flags=0x13) (current): trusted=0, trustManaged=0, deviceLocked=%d, strongAuthRequired=0x0\n",
		map[bool]int{true: 1, false: 0}[c.sh.phone.Power.Locked()])
	return 0
}
