package screen

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Movie is what screenrecord writes: an MP4 file (ISO/IEC 14496-12) whose pictures are PNG, an object type that
// 14496-1's registration authority lists (0x6D). A virtual phone has no encoder; this is a true film of its display, in
// few pictures.
type Movie struct {
	Width, Height int
	pictures      [][]byte
	at            []time.Duration
}

// MaxPictures bounds a film.
const MaxPictures = 200

// Add appends what the display showed at a time since the film began.
func (m *Movie) Add(picture []byte, at time.Duration) {
	if len(m.pictures) < MaxPictures {
		m.pictures, m.at = append(m.pictures, picture), append(m.at, at)
	}
}

const timescale = 1000 // ticks a second

// Begun is what stands in the file while a film goes on: no player can read it yet, as with a real one.
func (m *Movie) Begun() []byte { return box("ftyp", []byte("mp42\x00\x00\x00\x00isommp42")) }

// Bytes is the whole file of a film that ended at a time since it began.
func (m *Movie) Bytes(end time.Duration) []byte {
	head := m.Begun()
	var sizes, offsets, times bytes.Buffer
	var data []byte
	first := uint32(len(head) + 8)
	for i, p := range m.pictures {
		next := end
		if i+1 < len(m.at) {
			next = m.at[i+1]
		}
		put(&times, 1, uint32(max(next-m.at[i], time.Millisecond).Milliseconds()))
		put(&sizes, uint32(len(p)))
		put(&offsets, first+uint32(len(data)))
		data = append(data, p...)
	}
	n, length := uint32(len(m.pictures)), uint32(max(end, time.Millisecond).Milliseconds())
	table := box("stbl",
		full("stsd", 0, words(1), m.entry()),
		full("stts", 0, words(n), times.Bytes()),
		full("stsc", 0, words(1, 1, 1, 1)),
		full("stsz", 0, words(0, n), sizes.Bytes()),
		full("stco", 0, words(n), offsets.Bytes()))
	media := box("mdia",
		full("mdhd", 0, words(0, 0, timescale, length), []byte{0x55, 0xC4, 0, 0}),
		full("hdlr", 0, words(0), []byte("vide"), make([]byte, 12), []byte("VideoHandle\x00")),
		box("minf", full("vmhd", 1, make([]byte, 8)), box("dinf", full("dref", 0, words(1), full("url ", 1))), table))
	track := box("trak", full("tkhd", 7, words(0, 0, 1, 0, length), make([]byte, 16), matrix(), words(uint32(m.Width)<<16, uint32(m.Height)<<16)), media)
	movie := box("moov", full("mvhd", 0, words(0, 0, timescale, length, 0x00010000), []byte{1, 0}, make([]byte, 10), matrix(), make([]byte, 24), words(2)), track)
	return bytes.Join([][]byte{head, box("mdat", data), movie}, nil)
}

// entry describes the pictures: their size, and in an ES descriptor that they are PNG.
func (m *Movie) entry() []byte {
	decoder := append([]byte{0x04, 13, 0x6D, 0x11, 0, 0, 0}, make([]byte, 8)...)
	stream := append(append([]byte{0x03, 3 + byte(len(decoder)) + 3, 0, 1, 0}, decoder...), 0x06, 1, 2)
	size := []byte{byte(m.Width >> 8), byte(m.Width), byte(m.Height >> 8), byte(m.Height)}
	return box("mp4v", make([]byte, 6), []byte{0, 1}, make([]byte, 16), size, words(0x00480000, 0x00480000, 0), []byte{0, 1}, make([]byte, 32), []byte{0, 24, 0xFF, 0xFF}, full("esds", 0, stream))
}

func matrix() []byte { return words(0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000) }

func words(values ...uint32) []byte {
	var b bytes.Buffer
	put(&b, values...)
	return b.Bytes()
}

func put(b *bytes.Buffer, values ...uint32) {
	for _, v := range values {
		b.Write(binary.BigEndian.AppendUint32(nil, v))
	}
}

func box(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(words(uint32(len(body)+8)), kind...), body...)
}

func full(kind string, flags uint32, parts ...[]byte) []byte {
	return box(kind, append([][]byte{words(flags)}, parts...)...)
}
