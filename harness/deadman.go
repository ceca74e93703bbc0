package harness

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// silenceMost is for how long the computer may give no sign of life before a phone takes its network back.
const silenceMost = 30 * time.Second

// silentLooks is how often the phone looks in that time.
const silentLooks = 6

// guardian gives a phone its network back when this computer is gone: its proxy leads to a port behind which nobody
// listens any more, and no screen of Android shows why.
type guardian interface {
	// keep makes sure that it is alive on the phone, starting it if it is not.
	keep(ctx context.Context) error
	// beat tells it from now on that we live, until the context ends.
	beat(ctx context.Context)
}

//go:embed deadman.sh
var deadManScript string

// deadMan is the guardian that needs nothing but the phone's shell: a script that is told a new number every few
// seconds. It counts its own looks rather than the clock, which may jump.
type deadMan struct {
	device *adb.Device
	token  string
	every  time.Duration // between looks, and between beats
	proxy  string        // what it sets

	mu    sync.Mutex
	beats int
}

const deadManFile = "/data/local/tmp/telltale-deadman"

// newDeadMan makes one for a run. proxy is what stood in http_proxy before; ":0" unless it was a proxy of the phone's own.
func newDeadMan(d *adb.Device, run string, silence time.Duration, proxy string) *deadMan {
	if silence <= 0 {
		silence = silenceMost
	}
	sum := sha256.Sum256([]byte("dead man\x00" + run + "\x00" + d.Serial()))
	return &deadMan{device: d, token: hex.EncodeToString(sum[:8]), every: silence / silentLooks, proxy: proxy}
}

// deadManStart is how long it may take until it has written its first line.
const deadManStart = 15 * time.Second

func (m *deadMan) keep(ctx context.Context) error {
	if ok, err := m.alive(ctx); ok || err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deadManStart)
	defer cancel()
	if err := endDeadMan(ctx, m.device); err != nil {
		return err
	}
	if err := m.device.Push(ctx, strings.NewReader(deadManScript), deadManFile+".sh", 0o755); err != nil {
		return err
	}
	if err := m.tell(ctx); err != nil {
		return err
	}
	args := []string{"sh", deadManFile + ".sh", m.token, strconv.Itoa(silentLooks), strconv.FormatFloat(m.every.Seconds(), 'f', -1, 64), adb.Quote(m.proxy)}
	run := strings.Join(args, " ") + " >/dev/null 2>&1 </dev/null &"
	if _, err := m.device.Script(ctx, "if setsid true; then setsid "+run+" else nohup "+run+" fi"); err != nil {
		return err
	}
	tick := time.NewTicker(controlLook)
	defer tick.Stop()
	for {
		ok, err := m.alive(ctx)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return &adb.Fault{Class: adb.ClassPhone, Code: adb.Refused, Phone: m.device.Serial(), Op: "starting the dead man on the phone",
				Err: fmt.Errorf("it did not come up within %s: the phone would stay without a network if this computer died", deadManStart)}
		case <-tick.C:
		}
	}
}

// alive asks whether it runs, and for us.
func (m *deadMan) alive(ctx context.Context) (bool, error) {
	res, err := m.device.Script(ctx, "cat "+deadManFile+".seen 2>/dev/null; kill -0 $(cat "+deadManFile+".pid 2>/dev/null) 2>/dev/null && echo alive; true")
	if err != nil {
		return false, err
	}
	said := string(res.Stdout)
	return strings.HasPrefix(said, m.token+" ") && strings.HasSuffix(strings.TrimSpace(said), "alive"), nil
}

// tell writes a new number. The file is never seen half written, and not made again behind its removal: a phone may take
// a command up after we gave it up.
func (m *deadMan) tell(ctx context.Context) error {
	m.mu.Lock()
	m.beats++
	line := fmt.Sprintf("%s %d", m.token, m.beats)
	m.mu.Unlock()
	_, err := m.device.Script(ctx, "[ -e "+deadManFile+".sh ] || exit 0; echo "+line+" > "+deadManFile+".new && mv "+deadManFile+".new "+deadManFile+".beat")
	return err
}

func (m *deadMan) beat(ctx context.Context) {
	tick := time.NewTicker(m.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		telling, cancel := context.WithTimeout(ctx, 2*m.every)
		_ = m.tell(telling) // a phone that cannot be told will act on it, and the next window finds out
		cancel()
	}
}

// endDeadMan ends whichever runs, and removes its files. It is no error if there is none.
func endDeadMan(ctx context.Context, d *adb.Device) error {
	_, err := d.Script(ctx, "kill $(cat "+deadManFile+".pid 2>/dev/null) 2>/dev/null; rm -f "+strings.Join(deadManFiles(), " "))
	return err
}

func deadManFiles() []string {
	var out []string
	for _, end := range []string{"sh", "beat", "new", "seen", "pid"} {
		out = append(out, deadManFile+"."+end)
	}
	return out
}

// calmDeadMan gives whichever runs another while to wait, so that it does not act in the middle of a restoration.
func calmDeadMan(ctx context.Context, d *adb.Device) error {
	_, err := d.Script(ctx, "if [ -e "+deadManFile+".beat ]; then echo \"$(cat "+deadManFile+".beat)+\" > "+deadManFile+".new && mv "+deadManFile+".new "+deadManFile+".beat; fi")
	return err
}

var ownProxy = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,251}:[0-9]{1,5}$`)

// givesBack is what a dead man puts into http_proxy: what stood there, if it was a proxy, else ":0", which clears.
func givesBack(old *string) string {
	if old != nil && ownProxy.MatchString(*old) {
		return *old
	}
	return ":0"
}
