package adb

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// UserServer is the adb server of the user's own adb commands: ADB_SERVER_SOCKET, ANDROID_ADB_SERVER_PORT, or
// 127.0.0.1:5037. It is not contacted.
func UserServer() Server { return userServer(os.Getenv) }

func userServer(getenv func(string) string) Server {
	const usual = "5037"
	if spec, ok := strings.CutPrefix(getenv("ADB_SERVER_SOCKET"), "tcp:"); ok && spec != "" {
		if _, _, err := net.SplitHostPort(spec); err == nil {
			return Server{Addr: spec}
		}
		return Server{Addr: net.JoinHostPort("127.0.0.1", spec)}
	}
	port := getenv("ANDROID_ADB_SERVER_PORT")
	if port == "" {
		port = usual
	}
	return Server{Addr: net.JoinHostPort("127.0.0.1", port)}
}

// EnsureUserServer returns the user's adb server, started if it did not run and is on this machine. A running one is
// never ended: other programs use it.
func EnsureUserServer(ctx context.Context) (Server, error) {
	const op = "starting the user's adb server"
	s := UserServer()
	_, err := s.Version(ctx)
	if CodeOf(err) != ServerGone {
		return s, err
	}
	path, err := findADB(op)
	if err != nil {
		return s, err
	}
	ctx, cancel := withDeadline(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "start-server")
	cmd.WaitDelay = 2 * time.Second // the server it leaves behind may hold our pipe
	out, err := cmd.CombinedOutput()
	if err != nil {
		return s, newFault(ServerGone, "", op, errors.New(clip(strings.TrimSpace(string(out))+" ("+err.Error()+")")))
	}
	_, err = s.Version(ctx)
	return s, err
}
