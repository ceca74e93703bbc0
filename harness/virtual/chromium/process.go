package chromium

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// maxReply bounds one message of the DevTools protocol.
const maxReply = 16 << 20

// process is one Chromium with one tab, driven over the pipe of its DevTools protocol.
type process struct {
	keys    []string
	bridge  *bridge
	cmd     *exec.Cmd
	profile string // its folder
	to      *os.File
	from    *os.File
	gone    chan struct{} // closed when its pipe has ended
	reading sync.WaitGroup
	session string

	mu      sync.Mutex
	next    int
	waiting map[int]chan reply
	loaded  chan struct{} // a page has loaded
}

type reply struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// start runs a Chromium and opens its tab.
func start(ctx context.Context, n Network, private bool, keys []string) (_ *process, err error) {
	path, err := Find()
	if err != nil {
		return nil, err
	}
	p := &process{keys: keys, gone: make(chan struct{}), waiting: map[int]chan reply{}, loaded: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.profile, err = os.MkdirTemp("", "telltale-chromium-"); err != nil {
		return nil, err
	}
	if p.bridge, err = newBridge(n); err != nil {
		return nil, err
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.to = ourOut
	defer theirIn.Close()
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.from = ourIn
	defer theirOut.Close()
	cmd := exec.Command(path, arguments(p.bridge.address(), p.profile, private, os.Geteuid() == 0, keys)...)
	cmd.Env = append(os.Environ(), "HOME="+p.profile, "TMPDIR="+p.profile) // nothing of it outlives its folder
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}                         // 3 and 4, as the flag wants them
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.cmd = cmd
	p.reading.Go(p.read)
	return p, p.open(ctx)
}

// open makes the tab.
func (p *process) open(ctx context.Context) error {
	var target struct {
		TargetID string `json:"targetId"`
	}
	if err := p.call(ctx, "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return err
	}
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	if err := p.call(ctx, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached); err != nil {
		return err
	}
	p.session = attached.SessionID
	return p.call(ctx, "Page.enable", map[string]any{}, nil)
}

// load navigates and waits for the page.
func (p *process) load(ctx context.Context, address string) (Page, error) {
	select {
	case <-p.loaded: // of an earlier page
	default:
	}
	var went struct {
		ErrorText string `json:"errorText"`
	}
	if err := p.call(ctx, "Page.navigate", map[string]any{"url": address}, &went); err != nil {
		return Page{}, err
	}
	if went.ErrorText != "" {
		return Page{}, &LoadError{went.ErrorText}
	}
	select {
	case <-p.loaded:
	case <-p.gone:
		return Page{}, errors.New("Chromium has ended")
	case <-ctx.Done():
		return Page{}, &LoadError{"net::ERR_TIMED_OUT"}
	}
	var shown struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
	}
	const read = `JSON.stringify({URL: location.href, Title: document.title, Text: document.body ? document.body.innerText : ""})`
	if err := p.call(ctx, "Runtime.evaluate", map[string]any{"expression": read, "returnByValue": true}, &shown); err != nil {
		return Page{}, err
	}
	var page Page
	if err := json.Unmarshal([]byte(shown.Result.Value), &page); err != nil {
		return Page{}, fmt.Errorf("reading the page: %w", err)
	}
	return page, nil
}

// call sends a command and waits for its result.
func (p *process) call(ctx context.Context, method string, params, result any) error {
	answer := make(chan reply, 1)
	p.mu.Lock()
	p.next++
	id := p.next
	p.waiting[id] = answer
	command := map[string]any{"id": id, "method": method, "params": params}
	if p.session != "" {
		command["sessionId"] = p.session
	}
	raw, err := json.Marshal(command)
	if err == nil {
		_, err = p.to.Write(append(raw, 0))
	}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.waiting, id)
		p.mu.Unlock()
	}()
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case r := <-answer:
		if r.Error != nil {
			return fmt.Errorf("%s: %s", method, r.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.Result, result)
	case <-p.gone:
		return fmt.Errorf("%s: Chromium has ended", method)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// read hands out answers until the pipe ends. Messages end with a zero byte.
func (p *process) read() {
	defer close(p.gone)
	scan := bufio.NewScanner(p.from)
	scan.Buffer(make([]byte, 64<<10), maxReply)
	scan.Split(zeroEnded)
	for scan.Scan() {
		var r reply
		if json.Unmarshal(scan.Bytes(), &r) != nil {
			return
		}
		if r.Method == "Page.loadEventFired" {
			select {
			case p.loaded <- struct{}{}:
			default:
			}
			continue
		}
		p.mu.Lock()
		answer := p.waiting[r.ID]
		delete(p.waiting, r.ID)
		p.mu.Unlock()
		if answer != nil {
			answer <- r
		}
	}
}

// zeroEnded is a bufio.SplitFunc.
func zeroEnded(data []byte, atEOF bool) (int, []byte, error) {
	for i, c := range data {
		if c == 0 {
			return i + 1, data[:i], nil
		}
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errors.New("a message was cut")
	}
	return 0, nil, nil
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// endTime is how long Chromium may take to end after it was killed.
const endTime = 10 * time.Second

// close kills the process with all its children, and removes its folder.
func (p *process) close() {
	if p.cmd != nil {
		kill(p.cmd)
		_ = p.cmd.Wait()
		select { // its children hold the pipe too, and are killed with it
		case <-p.gone:
		case <-time.After(endTime):
		}
	}
	for _, f := range []*os.File{p.to, p.from} {
		if f != nil {
			_ = f.Close()
		}
	}
	p.reading.Wait()
	if p.bridge != nil {
		p.bridge.close()
	}
	if p.profile != "" {
		_ = os.RemoveAll(p.profile)
	}
}
