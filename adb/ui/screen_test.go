package ui

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
)

func code(err error) string { return string(adb.CodeOf(err)) }

// toy is a phone that knows the few commands of a screen. Its answers are functions of how often they were asked.
type toy struct {
	adbd.Device
	mu    sync.Mutex
	lines []string
	dumps int

	dump   func(n int) (stdout, stderr string) // nth dump
	answer map[string]string                   // other commands, by their line as it arrives
	done   func(line string)                   // is told of each command, if set
}

func (p *toy) Banner() adbd.Banner { return adbd.Banner{Product: "p", Model: "m", Device: "d"} }

func (p *toy) Run(_ context.Context, c adbd.Command) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done != nil {
		defer p.done(c.Line)
	}
	if strings.Contains(c.Line, "uiautomator dump") {
		out, err := p.dump(p.dumps)
		p.dumps++
		fmt.Fprint(c.Stdout, out)
		fmt.Fprint(c.Stderr, err)
		return 0
	}
	line := strings.ReplaceAll(c.Line, "'", "")
	p.lines = append(p.lines, line)
	if out, ok := p.answer[line]; ok {
		fmt.Fprint(c.Stdout, out)
		return 0
	}
	if strings.HasPrefix(line, "input ") || line == "true" {
		return 0
	}
	fmt.Fprintf(c.Stderr, "sh: %s: not found", line)
	return 127
}

func (p *toy) ran() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lines)
}

func shows(pages ...string) func(int) (string, string) {
	return func(n int) (string, string) {
		return "UI hierchary dumped to: f\n<hierarchy rotation=\"0\">" + pages[min(n, len(pages)-1)] + "</hierarchy>", ""
	}
}

func screenOf(t *testing.T, p *toy) (*Screen, *adbd.Server) {
	t.Helper()
	if _, err := exec.LookPath("adb"); err != nil {
		t.Skip("adb is not installed")
	}
	phone := adbd.New(adbd.Options{Device: p})
	if err := phone.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { phone.Close() })
	server, err := adb.StartPrivate(t.Context(), adb.PrivateOptions{Home: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	serial := phone.Addr().String()
	if err := server.Connect(t.Context(), serial); err != nil {
		t.Fatal(err)
	}
	if err := server.WaitState(t.Context(), serial, adb.StateDevice); err != nil {
		t.Fatal(err)
	}
	return NewScreen(server.Device(serial, adb.Options{})), phone
}

const (
	button   = `<node text="Agree" class="android.widget.Button" package="a.b" enabled="true" bounds="[10,20][30,60]"/>`
	disabled = `<node text="Agree" class="android.widget.Button" package="a.b" enabled="false" bounds="[10,20][30,60]"/>`
	other    = `<node text="Loading" class="android.widget.TextView" package="a.b" enabled="true" bounds="[0,0][9,9]"/>`
)

// within is for what comes: nothing waits so long.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// until is for what does not come: its deadline passes once the phone was asked nth times for what has this in its line.
func until(t *testing.T, p *toy, part string, nth int) context.Context {
	ctx := newExpiring(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	p.done = func(line string) {
		if strings.Contains(line, part) {
			n++
		}
		if n >= nth {
			ctx.expire()
		}
	}
	return ctx
}

func TestDumpTries(t *testing.T) {
	busy := func(int) (string, string) { return "", "ERROR: could not get idle state.\n" }
	p := &toy{dump: busy}
	s, _ := screenOf(t, p)
	if _, err := s.Dump(t.Context()); !errors.Is(err, ErrBusy) || adb.ClassOf(err) != adb.ClassPhone || !strings.Contains(err.Error(), s.dev.Serial()) {
		t.Errorf("error %v", err)
	}
	if p.dumps != 3 {
		t.Errorf("%d tries", p.dumps)
	}
	p.dumps, p.dump = 0, func(n int) (string, string) {
		if n == 0 {
			return busy(n)
		}
		return shows(button)(n)
	}
	if tree, err := s.Dump(t.Context()); err != nil || tree.Find(Selector{Texts: []string{"agree"}}) == nil {
		t.Errorf("second try: %v", err)
	}
}

// A try takes a real phone 11 s when its screen does not come to rest, so that the time of a step often ends in the second.
func TestABusyScreenIsSaidWhenTimeEnds(t *testing.T) {
	t.Parallel()
	p := &toy{dump: func(int) (string, string) { return "", "ERROR: could not get idle state.\n" }}
	s, phone := screenOf(t, p)
	t.Cleanup(phone.Thaw)
	for _, tt := range []struct {
		name  string
		hangs bool
		want  adb.Code
	}{{"the phone answers", false, adb.ScreenBusy}, {"the phone hangs", true, adb.Timeout}} {
		ctx := newExpiring(t)
		second := phone.Inject(adbd.Fault{Kind: adbd.Hang, Match: "--compressed"})
		go func() {
			<-second
			if tt.hangs {
				phone.Freeze()
			}
			ctx.expire()
		}()
		if tt.hangs {
			s.within = shortened(aliveTimeout)
		}
		if _, err := s.WaitFor(ctx, Selector{Texts: []string{"Agree"}}); adb.CodeOf(err) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestTap(t *testing.T) {
	tests := []struct {
		name  string
		dump  func(int) (string, string)
		sel   []Selector
		taps  []string
		found bool
		ends  string // what three looks in vain end: a point's turn comes, or time does
	}{
		{"the middle, once it appears", shows(other, disabled, button), []Selector{{Texts: []string{"Agree"}}}, []string{"input tap 20 40"}, true, ""},
		{"in order of preference", shows(other + button), []Selector{{Texts: []string{"Agree"}}, {Texts: []string{"Loading"}}}, []string{"input tap 20 40"}, true, ""},
		{"never there", shows(other), []Selector{{Texts: []string{"Agree"}}}, nil, false, "time"},
		{"never enabled", shows(disabled), []Selector{{Texts: []string{"Agree"}}}, nil, false, "time"},
		{"a point as the last resort", shows(other), []Selector{{Texts: []string{"Agree"}}, {Percent: [2]int{50, 10}}}, []string{"wm size", "input tap 540 234"}, true, "turn"},
		{"a point alone is touched at once, without a look", nil, []Selector{{Percent: [2]int{100, 100}}}, []string{"wm size", "input tap 1079 2339"}, true, ""},
		{"a point when the screen does not come to rest", func(int) (string, string) { return "", "ERROR: could not get idle state.\n" }, []Selector{{Texts: []string{"Agree"}}, {Percent: [2]int{50, 10}}}, []string{"wm size", "input tap 540 234"}, true, "turn"},
		{"no point while the screen is off", func(int) (string, string) { return "", "ERROR: null root node returned by UiTestAutomationBridge.\n" }, []Selector{{Texts: []string{"Agree"}}, {Percent: [2]int{50, 10}}}, nil, false, "turn"},
		{"no point while the node is there", shows(button), []Selector{{Percent: [2]int{50, 10}}, {Texts: []string{"Agree"}}}, []string{"input tap 20 40"}, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &toy{dump: tt.dump, answer: map[string]string{"wm size": "Physical size: 1080x2340\n"}}
			s, _ := screenOf(t, p)
			ctx := within(t, time.Minute)
			switch tt.ends {
			case "time":
				ctx = until(t, p, "uiautomator", 4)
			case "turn":
				s.within = bounded(patience, until(t, p, "uiautomator", 4))
			}
			err := s.Tap(ctx, tt.sel...)
			var missing *NotFoundError
			if (err == nil) != tt.found || !tt.found && !errors.As(err, &missing) && !errors.Is(err, adb.NoTree) {
				t.Errorf("error %v", err)
			}
			got := slices.DeleteFunc(p.ran(), func(l string) bool { return l == "true" })
			if !slices.Equal(got, tt.taps) {
				t.Errorf("ran %q, want %q", got, tt.taps)
			}
		})
	}
}

func TestAPointHasItsTurnInGoodTime(t *testing.T) {
	for _, tt := range []struct {
		name   string
		left   time.Duration // none: it has no end
		lo, hi time.Duration
	}{
		{"all the time there is", 0, patience, patience},
		{"much time", time.Hour, patience, patience},
		{"little time: half of it", patience, 0, patience / 2},
	} {
		ctx := t.Context()
		if tt.left > 0 {
			ctx = within(t, tt.left)
		}
		if got := turn(ctx); got < tt.lo || got > tt.hi {
			t.Errorf("%s: after %v", tt.name, got)
		}
	}
}

func TestWaits(t *testing.T) {
	p := &toy{dump: shows(other), answer: map[string]string{
		"dumpsys window displays": "  mCurrentFocus=Window{1f u0 com.miui.home/com.miui.home.launcher.Launcher}\n",
	}}
	s, phone := screenOf(t, p)
	var missing *NotFoundError
	if _, err := s.WaitFor(until(t, p, "uiautomator", 4), Selector{Texts: []string{"Agree"}}); !errors.As(err, &missing) || len(missing.Candidates) != 1 || len(missing.Dump) == 0 {
		t.Errorf("WaitFor: %v", err)
	}
	if err := s.Await(until(t, p, "uiautomator", 4), "a miracle", func(*Tree) bool { return false }); !errors.As(err, &missing) || missing.Wanted != "a miracle" {
		t.Errorf("Await: %v", err)
	}
	if err := s.WaitFocus(within(t, time.Minute), "com.miui.home"); err != nil {
		t.Errorf("WaitFocus: %v", err)
	}
	if err := s.WaitFocus(until(t, p, "dumpsys", 4), "a.b"); !errors.As(err, &missing) || missing.Front != "com.miui.home" {
		t.Errorf("WaitFocus: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(150*time.Millisecond, cancel)
	if err := s.Await(ctx, "nothing", func(*Tree) bool { return false }); !errors.Is(err, adb.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	p.mu.Lock()
	p.dump = func(int) (string, string) { return "", "ERROR: could not get idle state.\n" }
	p.mu.Unlock()
	if _, err := s.WaitFor(until(t, p, "uiautomator", 4), Selector{Texts: []string{"Agree"}}); !errors.Is(err, ErrBusy) {
		t.Errorf("a busy screen: %v", err)
	}
	p.mu.Lock()
	p.dump = func(n int) (string, string) {
		phone.Freeze()
		return shows(other)(n)
	}
	p.mu.Unlock()
	t.Cleanup(phone.Thaw)
	s.within = shortened(aliveTimeout)
	if _, err := s.WaitFor(until(t, p, "uiautomator", 1), Selector{Texts: []string{"Agree"}}); !errors.Is(err, adb.Timeout) || errors.As(err, &missing) {
		t.Errorf("a phone that hangs: %v", err)
	}
}

// A phone that showed something and then went away has not lost a button.
func TestAPhoneThatGoesIsNoMissingNode(t *testing.T) {
	p := &toy{}
	s, phone := screenOf(t, p)
	p.dump = func(n int) (string, string) {
		if n == 1 {
			phone.PowerOff()
		}
		return shows(other)(n)
	}
	_, err := s.WaitFor(within(t, time.Minute), Selector{Texts: []string{"Agree"}})
	var missing *NotFoundError
	if errors.As(err, &missing) || adb.ClassOf(err) != adb.ClassPhone {
		t.Errorf("error %v", err)
	}
}

func TestDismissAndClear(t *testing.T) {
	p := &toy{dump: shows(button, other, `<node text="héllo" focused="true" bounds="[0,0][1,1]"/>`)}
	s, _ := screenOf(t, p)
	for i, want := range []bool{true, false} {
		if got, err := s.Dismiss(t.Context(), []Selector{{Texts: []string{"Agree"}}}); got != want || err != nil {
			t.Errorf("look %d: %v, %v", i, got, err)
		}
	}
	if err := s.Clear(t.Context()); err != nil {
		t.Error(err)
	}
	if got := p.ran(); !slices.Equal(got, []string{"input tap 20 40", "input keyevent 123 67 67 67 67 67"}) {
		t.Errorf("ran %q", got)
	}
}

func TestUnlock(t *testing.T) {
	t.Parallel() // it mostly waits
	p := &toy{answer: map[string]string{
		"dumpsys power":         "mWakefulness=Awake\n",
		"dumpsys window policy": "mIsShowing=false\nmInputRestricted=false\n",
	}}
	s, _ := screenOf(t, p)
	if err := s.Unlock(t.Context(), ""); err != nil {
		t.Error(err)
	}
	p.mu.Lock()
	p.answer["dumpsys window policy"] = "mIsShowing=true\nmInputRestricted=true\n"
	p.answer["wm size"] = "Physical size: 100x200\n"
	p.answer["wm dismiss-keyguard"] = ""
	p.lines = nil
	p.mu.Unlock()
	bound := until(t, p, "policy", 12)
	s.within = bounded(unlockTimeout, bound)
	err := s.Unlock(t.Context(), "1234") // it gives up by itself, after all was tried
	if !errors.Is(err, adb.Locked) || strings.Contains(err.Error(), "1234") {
		t.Errorf("error %v", err)
	}
	ran := p.ran()
	for _, want := range []string{"wm dismiss-keyguard", "input swipe 50 160 50 40 300", "input text 1234", "input keyevent 66"} {
		if n := len(slices.DeleteFunc(slices.Clone(ran), func(l string) bool { return l != want })); n != 1 {
			t.Errorf("%q ran %d times", want, n)
		}
	}
	if bound.Err() == nil {
		t.Error("with a PIN that was told it gave up before its time")
	}
}

// Without a PIN a secure lock is not waited for once all was tried; one that does not say that it is secure is.
func TestUnlockWithoutAPIN(t *testing.T) {
	for _, secure := range []bool{true, false} {
		t.Run(fmt.Sprintf("secure %v", secure), func(t *testing.T) {
			t.Parallel() // it mostly waits
			p := &toy{answer: map[string]string{
				"dumpsys power":         "mWakefulness=Awake\n",
				"dumpsys window policy": fmt.Sprintf("secure=%v\nmIsShowing=true\nmInputRestricted=true\n", secure),
				"wm size":               "Physical size: 100x200\n",
				"wm dismiss-keyguard":   "",
			}}
			s, _ := screenOf(t, p)
			bound := until(t, p, "policy", hopeless+3)
			s.within = bounded(unlockTimeout, bound)
			err := s.Unlock(t.Context(), "")
			if !errors.Is(err, adb.Locked) || errors.Is(err, errNoPIN) != secure || (bound.Err() == nil) != secure {
				t.Errorf("%v, %v", err, bound.Err())
			}
			if ran := p.ran(); !slices.Contains(ran, "input swipe 50 160 50 40 300") || slices.ContainsFunc(ran, func(l string) bool { return strings.HasPrefix(l, "input text") }) {
				t.Errorf("ran %q", ran)
			}
		})
	}
}
