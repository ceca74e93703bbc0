// Command relay is the small program that runs on the phone during a run. Apps reach it as their HTTP proxy on the
// phone's loopback; it finds in the kernel's tables which app a connection belongs to, and forwards it through the adb
// tunnel with a PROXY protocol v2 header that says so.
//
// When nobody answers at the far end it connects directly, so that no phone is left without internet, writes down each
// such connection, and ends it when the far end answers again; when nobody has answered for a while it clears the phone's proxy and ends. It reads nothing of
// what passes but the head of a request that it has to connect directly, decrypts nothing, and keeps nothing of it.
package main

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options is what the harness starts the relay with.
type options struct {
	listen int           // port on the phone's loopback that apps are told
	host   int           // port on the phone's loopback that leads to the proxy
	token  []byte        // proves to the proxy that it is us
	grace  time.Duration // without the host, before the phone's proxy is cleared
	fresh  time.Duration // since the last beat, after which the host counts as gone
}

func parse(args []string) (options, error) {
	var o options
	var token string
	f := flag.NewFlagSet("relay", flag.ContinueOnError)
	f.IntVar(&o.listen, "listen", 0, "`port` on the loopback that apps use as their proxy")
	f.IntVar(&o.host, "host", 0, "`port` on the loopback that leads to the capturing proxy")
	f.StringVar(&token, "token", "", "`hex` that the capturing proxy expects")
	f.DurationVar(&o.grace, "grace", 30*time.Second, "without the host, before the phone's proxy is cleared")
	f.DurationVar(&o.fresh, "fresh", 8*time.Second, "since the host's last beat, after which it counts as gone")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.token, err = hex.DecodeString(token); err != nil || len(o.token) < 8 || len(o.token) > 64 {
		return o, fmt.Errorf("-token: 8 to 64 bytes in hex are wanted")
	}
	for _, p := range []int{o.listen, o.host} {
		if p < 1 || p > 65535 {
			return o, fmt.Errorf("-listen and -host: ports are wanted")
		}
	}
	if o.grace <= 0 || o.fresh <= 0 || f.NArg() > 0 {
		return o, fmt.Errorf("-grace and -fresh are longer than 0, and nothing follows the flags")
	}
	return o, nil
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	on := phone(&kernel{})
	if address, secret, ok := strings.Cut(os.Getenv(doorVariable), "/"); ok {
		on = &door{address: address, secret: secret}
	}
	if err := run(ctx, o, on, newLog(os.Stdout, time.Now)); err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		stop()
		os.Exit(1)
	}
}
