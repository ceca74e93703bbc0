package internet

// World is the default set of hosts.
func World() []Host { return nil }
