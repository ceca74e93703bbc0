package main

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// watched runs a command in a network of its own: loopback, and one link that leads nowhere, with the default route. It
// prints how many packets were sent into that link: any dial of anything but loopback, or a name that is looked up, is
// at least one.
const watched = `set -eu
ip link set lo up
ip link add out0 type veth peer name out1
echo 1 > /proc/sys/net/ipv6/conf/out0/disable_ipv6
echo 1 > /proc/sys/net/ipv6/conf/out1/disable_ipv6
ip addr add 192.0.2.1/24 dev out0
ip link set out0 up
ip link set out1 up
ip route add default via 192.0.2.2
n=0
until ip link show out0 | grep -q "state UP"; do # until then the link drops what is sent, uncounted
	n=$((n + 1)); [ $n -lt 200 ] || { echo "the link did not come up" >&2; exit 1; }
	sleep 0.05
done
"$@" >&2 || echo "ended $?" >&2
echo packets $(awk '/out0:/ {print $11}' /proc/net/dev)`

// TestARunDialsLoopbackOnly: the virtual phones' apps use real host names, so a run must never let one of them out.
func TestARunDialsLoopbackOnly(t *testing.T) {
	r := newRig(t, built)
	if runtime.GOOS != "linux" {
		t.Skip("network namespaces are Linux's")
	}
	packets := func(argv ...string) (string, string) {
		t.Helper()
		cmd := exec.Command("unshare", append([]string{"-r", "-n", "sh", "-c", watched, "sh"}, argv...)...)
		cmd.Env = append(cmd.Environ(), "HOME="+r.state)
		var log strings.Builder
		cmd.Stderr = &log
		out, err := cmd.Output()
		got, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "packets ")
		if err != nil || !ok {
			t.Skipf("this system makes no network namespaces with a link for us: %v, %s", err, log.String())
		}
		return got, log.String()
	}
	// The gauge works: a dial of an address that is not ours is seen.
	if got, log := packets("timeout", "5", "bash", "-c", "exec 3<>/dev/tcp/198.51.100.7/80"); got == "0" {
		t.Fatalf("a dial left no packet: this test could not fail\n%s", log)
	}
	file := r.devices(phoneBlock("leaky-2020", "leaky-2020", "mi", standIn) + phoneBlock("pinned", "pinned", "mi", standIn))
	got, log := packets(filepath.Join(r.bin, "telltale"), "--state", r.state, "run", "--devices", file, "--filter", "smoke", "--out", r.out)
	if !strings.Contains(log, "private search") || !strings.Contains(log, "evidence: ") {
		t.Fatalf("the run did not come to its end:\n%s", log)
	}
	if got != "0" {
		t.Errorf("the run sent %s packets past loopback\n%s", got, log)
	}
}
