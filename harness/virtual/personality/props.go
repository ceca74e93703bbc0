package personality

import (
	"maps"
	"strings"
)

// ParseProps reads what getprop prints: lines of the form "[name]: [value]". Other lines are ignored.
func ParseProps(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "]: [")
		if ok && strings.HasPrefix(name, "[") && strings.HasSuffix(value, "]") {
			out[name[1:]] = value[:len(value)-1]
		}
	}
	return out
}

// props are those of a build, those that every running phone has, and more.
func props(build, more map[string]string) map[string]string {
	out := map[string]string{
		"dalvik.vm.heapsize": "512m", "init.svc.adbd": "running", "init.svc.zygote": "running", "net.bt.name": "Android",
		"persist.sys.timezone": "GMT", "persist.sys.usb.config": "adb", "ro.adb.secure": "1", "ro.boot.flash.locked": "1",
		"ro.boot.verifiedbootstate": "green", "ro.debuggable": "0", "ro.secure": "1", "ro.crypto.state": "encrypted",
		"ro.product.cpu.abi": "arm64-v8a", "ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a,armeabi", "sys.usb.state": "adb",
		"gsm.sim.state": "ABSENT", "ro.boot.hardware": "qcom", "ro.hardware": "qcom",
	}
	maps.Copy(out, build)
	maps.Copy(out, more)
	return out
}
