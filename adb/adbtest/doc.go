// Package adbtest is the conformance suite that every phone must pass, virtual or real: what Telltale relies on, asked
// of a phone through package adb. It is called from a test:
//
//	func TestConformance(t *testing.T) {
//		adbtest.Run(t, adbtest.Factory{Kind: "virtual", Device: attach})
//	}
//
// It puts back what it changes: one settings key of its own, the proxy, one folder in /data/local/tmp, one reverse
// tunnel. It installs nothing, and reboots only if it is told to.
package adbtest
