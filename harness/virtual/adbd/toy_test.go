package adbd

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing/fstest"
	"time"
)

// toy is the smallest phone: a dozen commands and files in memory.
type toy struct {
	files   *toyFiles
	down    chan struct{} // a reboot ends when it is closed; none: at once
	reboots chan string
	hungUp  chan string // lines whose ctx ended
}

func newToy() *toy {
	return &toy{files: &toyFiles{m: fstest.MapFS{}}, reboots: make(chan string, 8), hungUp: make(chan string, 64)}
}

func (d *toy) Banner() Banner {
	return Banner{Product: "begonia", Model: "Redmi Note 8; Pro=", Device: "begonia"}
}

func (d *toy) FS() FileSystem { return d.files }

func (d *toy) Reboot(ctx context.Context, mode string) {
	d.reboots <- mode
	if d.down == nil {
		return
	}
	select {
	case <-d.down:
	case <-ctx.Done():
	}
}

// Run knows: exit N · echo TEXT · err TEXT · both · cat · count (bytes of stdin) · lines N · zeros N · wait · window ·
// ^C-able `interrupt` · and, interactive, one line after the other.
func (d *toy) Run(ctx context.Context, c Command) int {
	if c.Line != "" {
		return d.line(ctx, c, c.Line)
	}
	in := bufio.NewScanner(c.Stdin)
	for fmt.Fprint(c.Stdout, "$ "); in.Scan(); fmt.Fprint(c.Stdout, "$ ") {
		if in.Text() == "exit" {
			return 0
		}
		d.line(ctx, c, in.Text())
	}
	return 0
}

func (d *toy) line(ctx context.Context, c Command, line string) int {
	verb, arg, _ := strings.Cut(line, " ")
	n, _ := strconv.Atoi(arg)
	switch verb {
	case "exit":
		return n
	case "echo":
		fmt.Fprintln(c.Stdout, arg)
	case "err":
		fmt.Fprintln(c.Stderr, arg)
	case "both":
		fmt.Fprintln(c.Stdout, "out")
		fmt.Fprintln(c.Stderr, "err")
		return 3
	case "cat":
		io.Copy(c.Stdout, c.Stdin)
	case "count":
		k, _ := io.Copy(io.Discard, c.Stdin)
		fmt.Fprintln(c.Stdout, k)
	case "save":
		data, _ := io.ReadAll(c.Stdin)
		up, _ := d.files.Create(arg, 0o644)
		up.Write(data)
		up.Commit(time.Unix(1, 0))
	case "lines":
		for i := range n {
			if _, err := fmt.Fprintf(c.Stdout, "line %d\n", i); err != nil {
				return 1
			}
		}
	case "zeros":
		if _, err := io.CopyN(c.Stdout, zeros{}, int64(n)); err != nil {
			return 1
		}
	case "wait":
		fmt.Fprintln(c.Stdout, "waiting")
		<-ctx.Done()
		d.hungUp <- line
	case "window":
		rows, cols := c.Window()
		fmt.Fprintf(c.Stdout, "%dx%d %s\n", rows, cols, c.Term)
	case "interrupt":
		select {
		case <-c.Interrupts:
			fmt.Fprintln(c.Stdout, "interrupted")
		case <-ctx.Done():
		}
	default:
		fmt.Fprintf(c.Stderr, "/system/bin/sh: %s: inaccessible or not found\n", verb)
		return 127
	}
	return 0
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// toyFiles is a FileSystem over a map; /denied/... cannot be written, /full/... fails at the second write.
type toyFiles struct {
	mu sync.Mutex
	m  fstest.MapFS
}

func (f *toyFiles) key(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

func (f *toyFiles) Stat(name string, follow bool) (fs.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.m.Stat(max(f.key(name), "."))
}

func (f *toyFiles) ReadDir(name string) ([]fs.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries, err := f.m.ReadDir(max(f.key(name), "."))
	if err != nil {
		return nil, err
	}
	var infos []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	sort.Slice(infos, func(i, j int) bool { return infos[i].Name() < infos[j].Name() })
	return infos, nil
}

func (f *toyFiles) Open(name string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.m.Open(f.key(name))
}

func (f *toyFiles) Create(name string, mode fs.FileMode) (Upload, error) {
	if strings.HasPrefix(name, "/denied/") {
		return nil, fs.ErrPermission
	}
	return &toyUpload{f: f, name: f.key(name), mode: mode}, nil
}

func (f *toyFiles) get(name string) *fstest.MapFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.m[f.key(name)]
}

type toyUpload struct {
	f    *toyFiles
	name string
	mode fs.FileMode
	buf  bytes.Buffer
}

func (u *toyUpload) Write(p []byte) (int, error) {
	if strings.HasPrefix(u.name, "full/") && u.buf.Len() > 0 {
		return 0, fmt.Errorf("writing: %w", errNoSpace)
	}
	return u.buf.Write(p)
}

func (u *toyUpload) Commit(mtime time.Time) error {
	u.f.mu.Lock()
	defer u.f.mu.Unlock()
	u.f.m[u.name] = &fstest.MapFile{Data: u.buf.Bytes(), Mode: u.mode, ModTime: mtime}
	return nil
}

func (u *toyUpload) Abort() {
	u.f.mu.Lock()
	defer u.f.mu.Unlock()
	u.f.m[u.name+".aborted"] = &fstest.MapFile{}
}
