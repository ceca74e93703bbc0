package adb

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Screencap takes a screenshot as PNG. That it is whole is known from its last chunk. A window that forbids screenshots
// comes out black, or as nothing: [NoScreen].
func (d *Device) Screencap(ctx context.Context) ([]byte, error) {
	out, err := d.Exec(ctx, "screencap", "-p")
	if err != nil {
		return nil, err
	}
	png, _, err := ParsePNG(out)
	if err != nil {
		return nil, newFault(NoScreen, d.serial, "taking a screenshot", err)
	}
	return png, nil
}

var (
	pngBegin = []byte("\x89PNG\r\n\x1a\n")
	pngEnd   = []byte("\x00\x00\x00\x00IEND\xaeB`\x82")
)

// ParsePNG checks that a PNG is whole, and cuts off warnings that some phones print before it. Its pixels are not looked
// at.
func ParsePNG(b []byte) ([]byte, Size, error) {
	at := bytes.Index(b[:min(len(b), 4<<10)], pngBegin)
	if at < 0 {
		return nil, Size{}, fmt.Errorf("no PNG in %d bytes: %q", len(b), clip(string(b[:min(len(b), 200)])))
	}
	b = b[at:]
	if !bytes.HasSuffix(b, pngEnd) || len(b) < len(pngBegin)+25+len(pngEnd) || string(b[12:16]) != "IHDR" {
		return nil, Size{}, errors.New("a PNG that is cut off")
	}
	w, h := binary.BigEndian.Uint32(b[16:]), binary.BigEndian.Uint32(b[20:])
	if w == 0 || h == 0 || w > 1<<16 || h > 1<<16 {
		return nil, Size{}, fmt.Errorf("a PNG of %dx%d", w, h)
	}
	return b, Size{int(w), int(h)}, nil
}
