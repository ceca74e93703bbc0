package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/capture"
)

// Where Android keeps the CAs that every app believes. Since Android 14 the second is read, if it is there; it is mounted
// for each process apart.
const (
	systemStore = "/system/etc/security/cacerts"
	apexStore   = "/apex/com.android.conscrypt/cacerts"
)

// Files of ours on the phone, while its store is being made.
const (
	caPushed  = "/data/local/tmp/telltale-ca.pem"
	caScratch = "/data/local/tmp/telltale-cacerts"
)

// rootTimeout bounds the question whether we are root: a Magisk dialog that nobody answers must not hold up a run.
const rootTimeout = 2 * time.Second

// rootShell is what putting a CA into a system store needs of a phone.
type rootShell interface {
	Script(ctx context.Context, script string) (adb.Result, error)
	Push(ctx context.Context, from io.Reader, path string, mode fs.FileMode) error
}

// NoRoot says that a phone cannot do what devices.yaml asks of it.
type NoRoot struct{ Trust string }

func (e *NoRoot) Error() string {
	return fmt.Sprintf("`trust: %s` needs root, and the shell of this phone cannot become root (tried: adb as root, su -c, su root); root it, allow the shell in its root manager, or say `trust: user` and install the certificate by hand: `telltale doctor` says how", e.Trust)
}

// rootForms are the ways to run a script as root, tried in this order: adbd that is root already, Magisk and most others,
// emulators (httptoolkit-server's order; each unverified on MIUI).
var rootForms = []func(script string) string{
	func(s string) string { return s },
	func(s string) string { return "su -c " + adb.Quote(s) },
	func(s string) string { return "su root sh -c " + adb.Quote(s) },
}

// becomeRoot finds out how scripts are run as root; *NoRoot if they cannot.
func becomeRoot(ctx context.Context, sh rootShell, trust string) (func(script string) string, error) {
	for _, form := range rootForms {
		asking, cancel := context.WithTimeout(ctx, rootTimeout)
		res, err := sh.Script(asking, form("id"))
		cancel()
		if err == nil && strings.Contains(string(res.Stdout), "uid=0(root)") {
			return form, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return nil, &NoRoot{Trust: trust}
}

// everyNamespace runs a mount command in the shell's own namespace, in those of the zygotes, and in those of the apps
// that were forked from them: Android 14 mounts the APEX store for each apart.
const everyNamespace = `
each() {
  for z in $(pidof zygote) $(pidof zygote64); do
    echo $z
    ps -o PID -P $z
  done | while read p; do
    case $p in *[!0-9]*|'') continue;; esac
    nsenter --mount=/proc/$p/ns/mnt -- /bin/"$@"
  done
  return 0
}
`

// installScript puts a copy of the phone's store with our certificate over it, in memory: a reboot takes it away.
// Labels are those of AOSP; a phone whose SELinux knows another keeps the one of the folder.
func installScript(hash string) string {
	return `set -e
store=` + systemStore + `; apex=` + apexStore + `; tmp=` + caScratch + `; ca=` + caPushed + everyNamespace + `
from=$store; if [ -d $apex ]; then from=$apex; fi
n=0; while [ -e $from/` + hash + `.$n ] && ! cmp -s $from/` + hash + `.$n $ca; do n=$((n+1)); done
if ! cmp -s $store/` + hash + `.$n $ca; then
  rm -rf $tmp; mkdir -m 700 $tmp
  cp $from/* $tmp/
  cp $ca $tmp/` + hash + `.$n
  mount -t tmpfs tmpfs $store
  cp $tmp/* $store/
  chown root:root $store $store/*
  chmod 755 $store; chmod 644 $store/*
  chcon u:object_r:system_security_cacerts_file:s0 $store $store/* || chcon u:object_r:system_file:s0 $store $store/*
  rm -rf $tmp
fi
if [ -d $apex ] && ! cmp -s $apex/` + hash + `.$n $ca; then
  mount --bind $store $apex
  each mount --bind $store $apex
fi
[ -e $store/` + hash + `.$n ]
echo installed`
}

// removeScript takes it away again. A store that holds none of ours is left alone; it may be run as often as one likes.
func removeScript(hash string) string {
	return `store=` + systemStore + `; apex=` + apexStore + `; ca=` + caPushed + everyNamespace + `
ours() { [ -e $ca ] && cat $store/` + hash + `.* 2>/dev/null | grep -qF "$(sed -n 2p $ca)"; }
if ours && grep -q " $store tmpfs" /proc/mounts; then
  if [ -d $apex ]; then each umount $apex; umount $apex; fi
  umount $store
fi
if ours; then echo "our certificate is still in $store" >&2; exit 1; fi
rm -rf ` + caScratch + ` $ca`
}

// installSystemCA puts the CA among those that every app believes. remember is called with the script that undoes it
// before anything is changed.
func installSystemCA(ctx context.Context, sh rootShell, ca *capture.CA, trust string, remember func(what, script string) error) error {
	asRoot, err := becomeRoot(ctx, sh, trust)
	if err != nil {
		return err
	}
	if err := remember("our certificate in the system's store", asRoot(removeScript(ca.HashOld()))); err != nil {
		return err
	}
	if err := sh.Push(ctx, bytes.NewReader(ca.PEM()), caPushed, 0o644); err != nil {
		return err
	}
	res, err := sh.Script(ctx, asRoot(installScript(ca.HashOld())))
	if err != nil {
		return fmt.Errorf("putting our certificate into the system's store: %w", err)
	}
	if !strings.Contains(string(res.Stdout), "installed") {
		return errors.New("putting our certificate into the system's store: the phone does not say that it is there")
	}
	return nil
}
