package adbd

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxSyncPath = 1024     // file_sync_service.cpp of Android
	maxSyncData = 64 << 10 // SYNC_DATA_MAX
	syncBuffer  = 256 << 10
)

var errSyncProtocol = errors.New("sync protocol")

// syncSession serves one `sync:` stream: requests of id, u32 little-endian length, data.
type syncSession struct {
	fs FileSystem
	v2 bool // stat_v2 and ls_v2 are advertised
	ls bool
	r  *bufio.Reader
	w  *bufio.Writer
}

func (l *link) sync(st *stream) {
	defer st.Close()
	s := newSyncSession(l.s.opts.Device.FS(), l.s.features, st)
	if err := s.serve(); err != nil && !errors.Is(err, io.EOF) && st.live.Err() == nil {
		l.s.logf("adb sync: %v", err)
	}
}

func newSyncSession(fsys FileSystem, features []string, rw io.ReadWriter) *syncSession {
	return &syncSession{
		fs: fsys, v2: slices.Contains(features, "stat_v2"), ls: slices.Contains(features, "ls_v2"),
		r: bufio.NewReaderSize(rw, maxSyncData), w: bufio.NewWriterSize(rw, syncBuffer),
	}
}

// serve answers requests until QUIT, the end of the stream, or a request that no adb sends; the latter gets a FAIL
// and ends the session, as on Android.
func (s *syncSession) serve() error {
	for {
		id, length, err := s.header()
		if err != nil {
			return err
		}
		if id == "QUIT" {
			return nil
		}
		if length > maxSyncPath {
			return errors.Join(s.fail("path too long"), s.w.Flush(), fmt.Errorf("%w: path of %d bytes", errSyncProtocol, length))
		}
		path := make([]byte, length)
		if _, err := io.ReadFull(s.r, path); err != nil {
			return err
		}
		if strings.IndexByte(string(path), 0) >= 0 {
			return errors.Join(s.fail("invalid path"), s.w.Flush(), fmt.Errorf("%w: NUL in path", errSyncProtocol))
		}
		if err := s.request(id, string(path)); err != nil {
			return err
		}
		if err := s.w.Flush(); err != nil {
			return err
		}
	}
}

func (s *syncSession) header() (id string, length uint32, err error) {
	var h [8]byte
	if _, err := io.ReadFull(s.r, h[:]); err != nil {
		return "", 0, err
	}
	return string(h[:4]), binary.LittleEndian.Uint32(h[4:]), nil
}

func (s *syncSession) request(id, path string) error {
	switch {
	case id == "STAT":
		return s.write(encodeStat(s.stat(path)))
	case s.v2 && (id == "STA2" || id == "LST2"):
		info, err := s.fs.Stat(path, id == "STA2")
		return s.write(encodeStat2(id, info, err))
	case id == "LIST", s.ls && id == "LIS2":
		return s.list(path, id == "LIS2")
	case id == "SEND":
		return s.receive(path)
	case id == "RECV":
		return s.send(path)
	}
	return errors.Join(s.fail("unknown command "+strconv.QuoteToASCII(id)), s.w.Flush(),
		fmt.Errorf("%w: command %q", errSyncProtocol, id))
}

// stat is the v1 STAT, which follows no link (lstat, as on Android) and has no errors: all zero is "not there".
func (s *syncSession) stat(path string) fs.FileInfo {
	info, err := s.fs.Stat(path, false)
	if err != nil {
		return nil
	}
	return info
}

// list answers LIST and LIS2. A directory that cannot be read is an empty one, as on Android.
func (s *syncSession) list(path string, v2 bool) error {
	entries, err := s.fs.ReadDir(path)
	if err == nil {
		for _, dot := range []string{".", ".."} {
			if info, err := s.fs.Stat(strings.TrimSuffix(path, "/")+"/"+dot, true); err == nil {
				entries = append(entries, named{info, dot})
			}
		}
	}
	for _, e := range entries {
		if err := s.write(encodeEntry(e, v2)); err != nil {
			return err
		}
	}
	return s.write(encodeListEnd(v2))
}

// send answers RECV with DATA chunks and DONE.
func (s *syncSession) send(path string) error {
	f, err := s.fs.Open(path)
	if err != nil {
		return s.fail("open failed: " + errnoText(err))
	}
	defer f.Close()
	chunk := make([]byte, 8+maxSyncData)
	for {
		n, err := io.ReadFull(f, chunk[8:])
		if n > 0 {
			copy(chunk, "DATA")
			binary.LittleEndian.PutUint32(chunk[4:], uint32(n))
			if _, err := s.w.Write(chunk[:8+n]); err != nil {
				return err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return s.write([]byte("DONE\x00\x00\x00\x00"))
		}
		if err != nil {
			return s.fail("read failed: " + errnoText(err))
		}
	}
}

// receive answers SEND "path,mode". After a failure it says FAIL once and reads on to DONE, because old adb versions
// do not listen before.
func (s *syncSession) receive(spec string) error {
	comma := strings.LastIndexByte(spec, ',')
	if comma < 0 {
		return errors.Join(s.fail("missing , in ID_SEND"), s.w.Flush(), fmt.Errorf("%w: SEND %q", errSyncProtocol, spec))
	}
	bits, err := strconv.ParseUint(spec[comma+1:], 0, 32)
	if err != nil {
		return errors.Join(s.fail("bad mode"), s.w.Flush(), fmt.Errorf("%w: SEND %q", errSyncProtocol, spec))
	}
	up, err := s.fs.Create(spec[:comma], goMode(uint32(bits)))
	var failed error
	if err != nil {
		if failed = s.failNow("couldn't create file: " + errnoText(err)); failed != nil {
			return failed
		}
		up = nil
	}
	defer func() {
		if up != nil {
			up.Abort()
		}
	}()
	buf := make([]byte, maxSyncData)
	for {
		id, n, err := s.header()
		if err != nil {
			return err
		}
		switch {
		case id == "DONE":
			if up == nil {
				return nil
			}
			done := up
			up = nil
			if err := done.Commit(time.Unix(int64(n), 0)); err != nil {
				return s.fail("couldn't finish file: " + errnoText(err))
			}
			return s.write([]byte("OKAY\x00\x00\x00\x00"))
		case id != "DATA":
			return errors.Join(s.failNow("invalid data message"), fmt.Errorf("%w: %q in a push", errSyncProtocol, id))
		case n > maxSyncData:
			return errors.Join(s.failNow("oversize data message"), fmt.Errorf("%w: DATA of %d bytes", errSyncProtocol, n))
		}
		if _, err := io.ReadFull(s.r, buf[:n]); err != nil {
			return err
		}
		if up == nil {
			continue
		}
		if _, err := up.Write(buf[:n]); err != nil {
			up.Abort()
			up = nil
			if err := s.failNow("write failed: " + errnoText(err)); err != nil {
				return err
			}
		}
	}
}

func (s *syncSession) write(p []byte) error {
	_, err := s.w.Write(p)
	return err
}

func (s *syncSession) fail(text string) error {
	msg := binary.LittleEndian.AppendUint32([]byte("FAIL"), uint32(len(text)))
	return s.write(append(msg, text...))
}

func (s *syncSession) failNow(text string) error {
	return errors.Join(s.fail(text), s.w.Flush())
}
