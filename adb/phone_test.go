package adb_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
)

// shellPhone is a phone whose commands run in the computer's own sh, so that quoting, pipes and statuses are real, and
// whose files lie in a folder of the test.
type shellPhone struct{ root string }

func (p *shellPhone) Banner() adbd.Banner { return adbd.Banner{Product: "p", Model: "m", Device: "d"} }

func (p *shellPhone) Run(ctx context.Context, c adbd.Command) int {
	cmd := exec.CommandContext(ctx, "sh", "-c", c.Line)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.root, c.Stdin, c.Stdout, c.Stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		return 255
	}
	return 0
}

// echo is a phone whose every command ends at once with nothing.
type echo struct{ shellPhone }

func (echo) Run(context.Context, adbd.Command) int { return 0 }

func (p *shellPhone) FS() adbd.FileSystem                     { return p }
func (p *shellPhone) Reboot(context.Context, string)          {}
func (p *shellPhone) path(name string) string                 { return filepath.Join(p.root, filepath.Clean("/"+name)) }
func (p *shellPhone) Open(name string) (io.ReadCloser, error) { return os.Open(p.path(name)) }

func (p *shellPhone) Stat(name string, follow bool) (fs.FileInfo, error) {
	if follow {
		return os.Stat(p.path(name))
	}
	return os.Lstat(p.path(name))
}

func (p *shellPhone) ReadDir(name string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(p.path(name))
	if err != nil {
		return nil, err
	}
	var out []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		out = append(out, info)
	}
	return out, nil
}

func (p *shellPhone) Create(name string, mode fs.FileMode) (adbd.Upload, error) {
	f, err := os.OpenFile(p.path(name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode.Perm())
	return upload{f}, err
}

type upload struct{ *os.File }

func (u upload) Commit(time.Time) error { return u.Close() }
func (u upload) Abort()                 { u.Close() }

// attached starts a phone and a real adb server that knows it.
func attached(t testing.TB, o adbd.Options) (*adb.Device, *adbd.Server) {
	t.Helper()
	if _, err := exec.LookPath("adb"); err != nil {
		t.Skip("adb is not installed")
	}
	if o.Device == nil {
		o.Device = &shellPhone{root: t.TempDir()}
	}
	phone := adbd.New(o)
	if err := phone.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { phone.Close() })
	server, err := adb.StartPrivate(t.Context(), adb.PrivateOptions{Home: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	if err := server.Connect(t.Context(), phone.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if err := server.WaitState(t.Context(), phone.Addr().String(), adb.StateDevice); err != nil {
		t.Fatal(err)
	}
	return server.Device(phone.Addr().String(), adb.Options{}), phone
}
