package internet

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// PushGreeter is the host of a push service that speaks first, without TLS.
const PushGreeter = "push.example-push.test"

// PushBinary is the host of a push service with a binary protocol of its own, without TLS; its clients begin with 0x10.
const PushBinary = "mqtt.example-push.test"

// RawCollector takes any protocol inside TLS; without TLS, its clients begin with 0x11.
const RawCollector = "raw.example-metrics.test"

func push() []Host {
	return []Host{
		{Name: "mtalk.google.com", Raw: mcs},
		{Name: "alt1-mtalk.google.com", Raw: mcs},
		{Name: PushGreeter, Greets: greetPush},
		{Name: PushBinary, Raw: swallow, Magic: []byte{0x10}},
		{Name: RawCollector, Raw: swallow, Magic: []byte{0x11}},
	}
}

// Frames of the protocol that Google's push service speaks on port 5228: a version byte once each way, then tag, length
// as a varint, protobuf.
const (
	mcsVersion       = 41
	mcsHeartbeatPing = 0
	mcsHeartbeatAck  = 1
	mcsLogin         = 2
	mcsLoginAnswer   = 3
	maxMCS           = 64 << 10
)

// mcs logs everyone in and answers heartbeats.
func mcs(_ context.Context, c net.Conn) {
	r := bufio.NewReader(c)
	if v, err := r.ReadByte(); err != nil || v != mcsVersion {
		return
	}
	if _, err := c.Write([]byte{mcsVersion}); err != nil {
		return
	}
	for {
		tag, err := readMCS(r)
		if err != nil {
			return
		}
		switch tag {
		case mcsLogin:
			_, err = c.Write([]byte{mcsLoginAnswer, 0})
		case mcsHeartbeatPing:
			_, err = c.Write([]byte{mcsHeartbeatAck, 0})
		}
		if err != nil {
			return
		}
	}
}

var errFrame = errors.New("frame is too large")

// readMCS skips one frame and returns its tag.
func readMCS(r *bufio.Reader) (byte, error) {
	tag, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return 0, err
	}
	if size > maxMCS {
		return 0, errFrame
	}
	_, err = io.CopyN(io.Discard, r, int64(size))
	return tag, err
}

// greetPush says hello and swallows lines.
func greetPush(ctx context.Context, c net.Conn) {
	if _, err := io.WriteString(c, "220 push ready\r\n"); err != nil {
		return
	}
	swallow(ctx, c)
}

func swallow(_ context.Context, c net.Conn) { _, _ = io.Copy(io.Discard, c) }
